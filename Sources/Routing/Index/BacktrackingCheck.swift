import PCRE2
import PatternLanguages
import PatternSyntax

/// Looks for requests that make a rule's pattern backtrack until its match limit ends it.
///
/// The guesses come of the pattern's tree; what counts is that PCRE2 really hits the limit. A pattern
/// in which nothing is found may still hit it: then the limit answers for it.
final class BacktrackingCheck {
    /// Patterns that are looked into in one table; the others have the match limit alone.
    static let maxPatterns = 2_000
    /// Bytes of a text that a path's or field's pattern is tried with.
    static let subjectBytes = 128

    private var isHarmless: [ObjectIdentifier: Bool] = [:]
    private var cores: [ObjectIdentifier: [UInt8]] = [:]
    private var looked = 0
    private let scratch = MatchScratch()

    /// What may spoil a match, the likeliest first.
    private static let hostBreakers = ["", "_", "-", ".x", "0"].map { Array($0.utf8) }
    private static let otherBreakers = ["", "!", "/", "0", "~", "\t"].map { Array($0.utf8) }
    private static let hostAlphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
    private static let otherAlphabet =
        hostAlphabet + Array("/ ABCDEFGHIJKLMNOPQRSTUVWXYZ=,;:!\"#$%&'()*+<>?@[\\]^`{|}~\t".utf8)

    /// A host on which the rule's pattern hits its limit.
    func witness(_ host: HostPattern) -> [UInt8]? {
        let key = ObjectIdentifier(host.core)
        if isHarmless[key] == true { return nil }
        if let subject = cores[key], host.isHost(with: subject) { return host.whole(subject) }
        let pattern = host.core.pattern
        let found = find(pattern, Self.hostAlphabet, Self.hostBreakers, sizes: host.roomForCore) { subject in
            host.isHost(with: subject) && host.core.mayMatch(subject.span)
        }
        isHarmless[key] = found == nil
        cores[key] = found
        return found.map(host.whole)
    }

    /// A text on which a pattern that is looked for in paths or fields hits its limit.
    ///
    /// - Parameter isPath: whether the text begins with a slash.
    func witness(_ pattern: Pattern, isPath: Bool) -> [UInt8]? {
        let slash = isPath ? [UInt8(ascii: "/")] : []
        return find(pattern, Self.otherAlphabet, Self.otherBreakers, sizes: [Self.subjectBytes]) { subject in
            subject.starts(with: slash)
        }
    }

    private func find(
        _ pattern: Pattern,
        _ alphabet: [UInt8],
        _ breakers: [[UInt8]],
        sizes: [Int],
        _ isPossible: ([UInt8]) -> Bool
    ) -> [UInt8]? {
        let text = Array(pattern.text.utf8)
        guard Backtracking.isSuspicious(text), looked < Self.maxPatterns else { return nil }
        looked += 1
        let tree = PatternTree(text, ignoresCase: pattern.options.contains(.caseless))
        guard let nfa = try? NFA(tree, roughly: true) else { return nil }
        for attack in Backtracking.attacks(nfa, alphabet: alphabet) {
            for size in sizes {
                for breaker in breakers {
                    for tail in [breaker, breaker + attack.suffix, attack.suffix + breaker] {
                        let room = size - attack.prefix.count - tail.count - 1
                        guard room >= attack.pump.count * 2, !attack.pump.isEmpty else { continue }
                        let count = room / attack.pump.count
                        var subject = attack.prefix
                        for _ in 0..<count { subject += attack.pump }
                        subject += tail
                        for candidate in [subject, [UInt8(ascii: "/")] + subject] where isPossible(candidate)
                        {
                            if case .limitExceeded = pattern.match(candidate.span, scratch: scratch) {
                                return candidate
                            }
                        }
                    }
                }
            }
        }
        return nil
    }
}

extension RouteTable {
    /// A text that makes a pattern of a rule hit its match limit.
    package struct CatastrophicPattern: Sendable {
        package let rule: Int
        /// As in `RuleIssue.key`.
        package let key: String
        /// A host, a path, or a field's value.
        package let witness: String
    }

    /// The patterns that backtrack without end on some request, of rules that do not allow it.
    ///
    /// Cheap for patterns without repetitions within one another; at most
    /// `BacktrackingCheck.maxPatterns` others are looked into.
    package func catastrophicPatterns() -> [CatastrophicPattern] {
        let check = BacktrackingCheck()
        var found: [CatastrophicPattern] = []
        func note(_ rule: Rule, _ key: String, _ witness: [UInt8]?) {
            guard let witness else { return }
            found.append(
                CatastrophicPattern(
                    rule: rule.index,
                    key: key,
                    witness: String(decoding: witness, as: UTF8.self)
                )
            )
        }
        for rule in rules where !rule.definition.allowsBacktracking {
            if case .pattern(let host) = rule.host { note(rule, "host", check.witness(host)) }
            if case .pattern(let path, _) = rule.path {
                note(rule, "path", check.witness(path, isPath: true))
            }
            for header in rule.headers {
                if case .pattern(let pattern) = header.condition {
                    note(rule, "headers.\(header.name)", check.witness(pattern, isPath: false))
                }
            }
            if case .forward(let plan) = rule.action, let rewrite = plan.rewrite {
                note(rule, "rewrite_path.match", check.witness(rewrite.pattern, isPath: true))
            }
        }
        return found
    }
}
