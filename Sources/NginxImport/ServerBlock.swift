/// A `server` block, read.
struct ServerBlock {
    let directive: Directive
    let block: [Directive]
    var names: [ServerName] = []
    var listens: [Listen] = []
    let locations: [Location]

    var place: NginxPlace { directive.place }

    /// The value of `$server_name`.
    let firstName: String

    init(
        _ directive: Directive,
        findings: FindingList,
        makeRegex: (String, Bool, NginxPlace) -> NginxRegex
    ) {
        self.directive = directive
        self.block = directive.block ?? []
        firstName = block.named("server_name").first?.argument(0) ?? ""
        listens = block.named("listen").compactMap(Listen.init)
        if listens.isEmpty { listens = [.implied(at: directive.place)] }
        for line in block.named("server_name") {
            for word in line.arguments {
                if word.text.hasPrefix("~") {
                    let text = String(word.text.dropFirst())
                    let ignoresCase = text.utf8.contains {
                        $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z")
                    }
                    names.append(
                        ServerName(kind: .regex(makeRegex(text, ignoresCase, word.place)), place: word.place)
                    )
                } else if let kinds = ServerName.parse(word.text) {
                    names += kinds.map { ServerName(kind: $0, place: word.place) }
                } else if !word.text.isEmpty {
                    findings.untranslated(
                        "server_name \(word.text)",
                        at: word.place,
                        "no request that Berth takes has such a host"
                    )
                } else {
                    findings.note(
                        "server_name \"\"",
                        at: word.place,
                        "Berth answers requests without a host with 400"
                    )
                }
            }
        }
        locations = Self.locations(block, findings, makeRegex, depth: 0)
    }

    private static func locations(
        _ block: [Directive],
        _ findings: FindingList,
        _ makeRegex: (String, Bool, NginxPlace) -> NginxRegex,
        depth: Int
    ) -> [Location] {
        var found: [Location] = []
        for directive in block.named("location") {
            guard let first = directive.argument(0), depth < NginxLimits.maxDepth else { continue }
            let inner = directive.block ?? []
            let second = directive.argument(1)
            let kind: Location.Kind
            switch (first, second) {
            case ("=", let path?): kind = .exact(path)
            case ("^~", let path?): kind = .prefix(path, final: true)
            case ("~", let text?): kind = .regex(makeRegex(text, false, directive.place))
            case ("~*", let text?): kind = .regex(makeRegex(text, true, directive.place))
            default:
                // nginx takes the mark without a blank behind it, too.
                if first.hasPrefix("~*") {
                    kind = .regex(makeRegex(String(first.dropFirst(2)), true, directive.place))
                } else if first.hasPrefix("~") {
                    kind = .regex(makeRegex(String(first.dropFirst()), false, directive.place))
                } else if first.hasPrefix("=") {
                    kind = .exact(String(first.dropFirst()))
                } else if first.hasPrefix("^~") {
                    kind = .prefix(String(first.dropFirst(2)), final: true)
                } else if first.hasPrefix("@") {
                    kind = .named(first)
                } else {
                    kind = .prefix(first, final: false)
                }
            }
            if case .named = kind {
                findings.untranslated(
                    "location \(first)",
                    at: directive.place,
                    "rules do not jump to one another"
                )
                continue
            }
            var inside = locations(inner, findings, makeRegex, depth: depth + 1)
            if case .regex = kind, !inside.isEmpty {
                findings.untranslated(
                    "location inside of an expression's",
                    at: inside[0].place,
                    "one rule cannot hold both conditions"
                )
                inside = []
            }
            let location = Location(kind: kind, directive: directive, block: inner, inside: inside)
            if let path = location.path, !isNormal(path) {
                findings.untranslated(
                    "location \(path)",
                    at: directive.place,
                    "no path in its normal form is like this"
                )
                continue
            }
            found.append(location)
        }
        return found
    }

    /// Whether a decoded path with its dots and slashes resolved can be or begin like this.
    private static func isNormal(_ path: String) -> Bool {
        guard path.hasPrefix("/"), !path.contains("//"), !path.contains("%") else { return false }
        return !path.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }
}
