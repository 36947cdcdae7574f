import Routing

/// Parses the `location` blocks of a server.
struct LocationParser {
    let findings: FindingCollector
    let regexes: RegexFactory

    func locations(_ block: [Directive]) -> [Location] { locations(block, depth: 0) }

    private func locations(_ block: [Directive], depth: Int) -> [Location] {
        var found: [Location] = []
        for directive in block.named("location") {
            guard depth < NginxLimits.maxDepth, let kind = kind(of: directive) else { continue }
            if case .named(let name) = kind {
                findings.untranslated(
                    "location \(name)",
                    at: directive.position,
                    "a rule cannot continue at another rule"
                )
                continue
            }
            let inner = directive.block ?? []
            var nested = locations(inner, depth: depth + 1)
            var closed: Untranslatable?
            if case .regex = kind, !nested.isEmpty {
                closed = Untranslatable(
                    "location in a location with a regular expression",
                    at: nested[0].position,
                    "a rule cannot have both conditions: the outer location responds with 501"
                )
                nested = []
            }
            let location = Location(
                kind: kind,
                directive: directive,
                block: inner,
                nested: nested,
                closed: closed
            )
            if let path = location.path, !Self.isNormalised(path) {
                findings.untranslated(
                    "location \(path)",
                    at: directive.position,
                    "no normalised path begins like this"
                )
                continue
            }
            found.append(location)
        }
        return found
    }

    /// Nil: the directive has no argument.
    private func kind(of directive: Directive) -> Location.Kind? {
        guard let first = directive.argument(0) else { return nil }
        func regex(_ text: String, ignoresCase: Bool) -> Location.Kind {
            .regex(regexes.make(text, ignoresCase: ignoresCase, at: directive.position))
        }
        switch (first, directive.argument(1)) {
        case ("=", let path?): return .exact(path)
        case ("^~", let path?): return .prefix(path, final: true)
        case ("~", let text?): return regex(text, ignoresCase: false)
        case ("~*", let text?): return regex(text, ignoresCase: true)
        default: break
        }
        // nginx accepts the modifier without a space after it, too.
        if first.hasPrefix("~*") { return regex(String(first.dropFirst(2)), ignoresCase: true) }
        if first.hasPrefix("~") { return regex(String(first.dropFirst()), ignoresCase: false) }
        if first.hasPrefix("=") { return .exact(String(first.dropFirst())) }
        if first.hasPrefix("^~") { return .prefix(String(first.dropFirst(2)), final: true) }
        return first.hasPrefix("@") ? .named(first) : .prefix(first, final: false)
    }

    /// Whether a decoded path without `.`, `..` and double slashes can begin like this.
    private static func isNormalised(_ path: String) -> Bool {
        guard path.hasPrefix("/"), !path.contains("//"), !path.contains("%") else { return false }
        return !path.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }
}
