import PatternSyntax

/// Which hosts a rule matches.
struct HostCondition {
    enum Base: Hashable {
        case any
        /// Any of these, lower case; never empty.
        case names([String])
        /// One or more labels before this suffix, which begins without a dot.
        case wildcard(String)
        /// One or more labels after this prefix, which ends without a dot.
        case trailing(String)
    }

    var base = Base.any
    /// Patterns that the host must match as well, each as a whole.
    var patterns: [NginxRegex] = []

    static let any = HostCondition()

    /// The only host that can match; nil: there are others.
    var onlyName: String? {
        if case .names(let names) = base, names.count == 1 { names[0] } else { nil }
    }

    /// Hosts that match both; nil: there are none.
    func and(_ other: HostCondition) -> HostCondition? {
        var both = HostCondition(base: base, patterns: patterns + other.patterns)
        switch (base, other.base) {
        case (_, .any): break
        case (.any, let base): both.base = base
        case (.names(let names), let base):
            let left = names.filter { Self.holds(base, $0) }
            if left.isEmpty { return nil }
            both.base = .names(left)
        case (let base, .names(let names)):
            let left = names.filter { Self.holds(base, $0) }
            if left.isEmpty { return nil }
            both.base = .names(left)
        case (.wildcard(let a), .wildcard(let b)):
            if a == b || a.hasSuffix("." + b) {
                both.base = .wildcard(a)
            } else if b.hasSuffix("." + a) {
                both.base = .wildcard(b)
            } else {
                return nil
            }
        case (.trailing(let a), .trailing(let b)):
            if a == b || a.hasPrefix(b + ".") {
                both.base = .trailing(a)
            } else if b.hasPrefix(a + ".") {
                both.base = .trailing(b)
            } else {
                return nil
            }
        case (.wildcard(let suffix), .trailing(let prefix)), (.trailing(let prefix), .wildcard(let suffix)):
            both.base = .wildcard(suffix)
            both.lookAheads.append("(?=\(Self.body(.trailing(prefix)))$)")
        }
        return both
    }

    /// Look-aheads that must hold at the start of the host as well.
    var lookAheads: [String] = []

    init(base: Base = .any, patterns: [NginxRegex] = []) {
        self.base = base
        self.patterns = patterns
    }

    private static func holds(_ base: Base, _ name: String) -> Bool {
        switch base {
        case .any: true
        case .names(let names): names.contains(name)
        case .wildcard(let suffix): name.hasSuffix("." + suffix) && name.utf8.count > suffix.utf8.count + 1
        case .trailing(let prefix): name.hasPrefix(prefix + ".") && name.utf8.count > prefix.utf8.count + 1
        }
    }

    private static func body(_ base: Base) -> String {
        switch base {
        case .any: ".*"
        case .names(let names):
            names.count == 1
                ? RegexText.escaped(names[0]) : "(?:\(names.map(RegexText.escaped).joined(separator: "|")))"
        case .wildcard(let suffix): ".+\\.\(RegexText.escaped(suffix))"
        case .trailing(let prefix): "\(RegexText.escaped(prefix))\\..+"
        }
    }

    /// Whether a host in lower case matches; nil: a pattern is not valid.
    func holds(_ name: String) -> Bool? {
        guard Self.holds(base, name) else { return false }
        for regex in patterns {
            guard let found = regex.matches(name) else { return nil }
            if !found { return false }
        }
        return true
    }

    /// A rule's `host`; nil: every host.
    ///
    /// - Parameter names: the names of each pattern's groups, by the pattern's id.
    func text(naming names: [Int: [Int: String]]) -> String? {
        if patterns.isEmpty, lookAheads.isEmpty {
            switch base {
            case .any: return nil
            case .names(let names) where names.count == 1: return names[0]
            case .wildcard(let suffix): return "*.\(suffix)"
            case .names, .trailing: return "~^\(Self.body(base))$"
            }
        }
        var bodies = lookAheads
        if base != .any { bodies.append("(?=\(Self.body(base))$)") }
        for pattern in patterns.dropLast() {
            bodies.append("(?=\(pattern.wholeBody(naming: names[pattern.id] ?? [:]))$)")
        }
        let last = patterns.last.map { $0.wholeBody(naming: names[$0.id] ?? [:]) } ?? ".*"
        return "~^" + bodies.joined() + last + "$"
    }
}
