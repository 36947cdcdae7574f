import PCRE2
import PatternSyntax
import Routing

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
        let value: [ValuePart]
        let position: SourceLocation
    }

    let source: [ValuePart]
    let position: SourceLocation
    /// In the order in which nginx looks them up; then comes `fallback`.
    let entries: [Entry]
    let fallback: [ValuePart]
    let fallbackPosition: SourceLocation
    /// An `include` whose files were not found.
    let missing: Directive?

    /// Whether a look-up can match a regular expression.
    var hasPatterns: Bool { entries.contains { if case .regex = $0.key { true } else { false } } }

    init(_ directive: Directive, regexes: RegexFactory) {
        source = ValueText.parse(directive.argument(0) ?? "")
        position = directive.position
        let block = (directive.block ?? []).filter { $0.name != "include" }
        missing = directive.block?.first { $0.name == "include" }
        let hostnames = block.contains { $0.name == "hostnames" && $0.arguments.isEmpty }
        var entries: [Entry] = []
        var fallback: [ValuePart] = []
        var fallbackPosition = directive.position
        for line in block {
            guard let text = line.argument(0) else { continue }
            let value = ValueText.parse(text)
            let name = line.name
            if name == "default" {
                (fallback, fallbackPosition) = (value, line.position)
                continue
            }
            if name.hasPrefix("~") {
                let ignoresCase = name.hasPrefix("~*")
                let regex = regexes.make(
                    String(name.dropFirst(ignoresCase ? 2 : 1)),
                    ignoresCase: ignoresCase,
                    at: line.position
                )
                entries.append(
                    Entry(key: .regex(regex), value: Self.bind(value, to: regex), position: line.position)
                )
                continue
            }
            entries += Self.keys(name, hostnames: hostnames).map {
                Entry(key: $0, value: value, position: line.position)
            }
        }
        self.entries = entries.enumerated().sorted { a, b in
            let (left, right) = (a.element.rank, b.element.rank)
            return left == right ? a.offset < b.offset : left < right
        }.map(\.element)
        self.fallback = fallback
        self.fallbackPosition = fallbackPosition
    }

    /// The keys of a line that is not a regular expression.
    private static func keys(_ name: String, hostnames: Bool) -> [Key] {
        let isEscaped = name.hasPrefix("\\")
        let plain = (isEscaped ? String(name.dropFirst()) : name).lowercased()
        guard hostnames, !isEscaped else { return [.exact(plain)] }
        if plain.hasPrefix("*.") { return [.wildcard(String(plain.dropFirst(2)))] }
        if plain.hasPrefix(".") {
            return [.exact(String(plain.dropFirst())), .wildcard(String(plain.dropFirst()))]
        }
        if plain.hasSuffix(".*") { return [.trailing(String(plain.dropLast(2)))] }
        return [.exact(plain)]
    }

    /// The value with the groups of its line's regular expression.
    private static func bind(_ value: [ValuePart], to regex: NginxRegex) -> [ValuePart] {
        value.map { part in
            if case .number(let number) = part {
                return number <= (regex.tree.captures.map(\.number).max() ?? 0)
                    ? .capture(regex: regex.id, number: number) : .literal("")
            }
            if case .variable(let variable) = part,
                let spelling = regex.spelling(of: variable),
                let number = regex.tree.captures.first(where: { $0.name == spelling })?.number
            {
                return .capture(regex: regex.id, number: number)
            }
            return part
        }
    }

    /// The value for `text`; nil: a regular expression that would have to be tried is not valid.
    func lookUp(_ text: String) -> [ValuePart]? {
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
