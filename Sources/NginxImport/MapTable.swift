import PCRE2
import PatternLanguages
import PatternSyntax

/// A `map` block.
struct MapTable {
    enum Key {
        case exact(String)
        case wildcard(String)
        case trailing(String)
        case regex(NginxRegex)
    }

    struct Entry {
        let key: Key
        let value: [Part]
        let place: NginxPlace
    }

    let source: [Part]
    let place: NginxPlace
    /// In the order in which nginx looks them up.
    let entries: [Entry]
    let fallback: [Part]
    let fallbackPlace: NginxPlace

    /// - Parameter makeRegex: gives expressions their ids.
    init(_ directive: Directive, makeRegex: (String, Bool, NginxPlace) -> NginxRegex) {
        source = ValueText.parse(directive.argument(0) ?? "")
        place = directive.place
        let block = directive.block ?? []
        let hostnames = block.contains { $0.name == "hostnames" && $0.arguments.isEmpty }
        var entries: [Entry] = []
        var fallback: [Part] = []
        var fallbackPlace = directive.place
        for line in block {
            guard let text = line.argument(0) else { continue }
            let value = ValueText.parse(text)
            let name = line.name
            if name == "default" {
                (fallback, fallbackPlace) = (value, line.place)
                continue
            }
            if name.hasPrefix("~") {
                let ignoresCase = name.hasPrefix("~*")
                let regex = makeRegex(String(name.dropFirst(ignoresCase ? 2 : 1)), ignoresCase, line.place)
                let bound = value.map { part in
                    if case .number(let number) = part {
                        number <= (regex.tree.captures.map(\.number).max() ?? 0)
                            ? Part.capture(regex: regex.id, number: number) : .literal("")
                    } else if case .variable(let variable) = part,
                        let spelling = regex.spelling(of: variable),
                        let number = regex.tree.captures.first(where: { $0.name == spelling })?.number
                    {
                        Part.capture(regex: regex.id, number: number)
                    } else {
                        part
                    }
                }
                entries.append(Entry(key: .regex(regex), value: bound, place: line.place))
                continue
            }
            let plain = (name.hasPrefix("\\") ? String(name.dropFirst()) : name).lowercased()
            var keys = [Key.exact(plain)]
            if hostnames, !name.hasPrefix("\\") {
                if plain.hasPrefix("*.") {
                    keys = [.wildcard(String(plain.dropFirst(2)))]
                } else if plain.hasPrefix(".") {
                    keys = [.exact(String(plain.dropFirst())), .wildcard(String(plain.dropFirst()))]
                } else if plain.hasSuffix(".*") {
                    keys = [.trailing(String(plain.dropLast(2)))]
                }
            }
            entries += keys.map { Entry(key: $0, value: value, place: line.place) }
        }
        self.entries = entries.enumerated().sorted { a, b in
            let (left, right) = (a.element.rank, b.element.rank)
            return left == right ? a.offset < b.offset : left < right
        }.map(\.element)
        self.fallback = fallback
        self.fallbackPlace = fallbackPlace
    }

    /// What `text` gives; nil: an expression's match would have to be known.
    func lookUp(_ text: String) -> [Part]? {
        let lower = text.lowercased()
        let scratch = MatchScratch()
        for entry in entries {
            switch entry.key {
            case .exact(let key): if key == lower { return entry.value }
            case .wildcard(let suffix): if lower.hasSuffix("." + suffix) { return entry.value }
            case .trailing(let prefix): if lower.hasPrefix(prefix + ".") { return entry.value }
            case .regex(let regex):
                guard let pattern = try? Pattern(regex.text, options: regex.ignoresCase ? [.caseless] : [])
                else {
                    return nil
                }
                if case .matched(let ranges) = pattern.match(Array(text.utf8).span, scratch: scratch) {
                    let bytes = Array(text.utf8)
                    return entry.value.map { part in
                        guard case .capture(regex.id, let number) = part else { return part }
                        return .literal(String(decoding: bytes[ranges[number] ?? 0..<0], as: UTF8.self))
                    }
                }
            }
        }
        return fallback
    }
}

extension MapTable.Entry {
    fileprivate var rank: (Int, Int) {
        switch key {
        case .exact: (0, 0)
        case .wildcard(let suffix): (1, -suffix.utf8.count)
        case .trailing(let prefix): (2, -prefix.utf8.count)
        case .regex: (3, 0)
        }
    }
}
