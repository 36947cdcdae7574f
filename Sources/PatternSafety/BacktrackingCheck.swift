import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// Searches for requests that make the pattern of a rule or a pool backtrack until its match limit ends the match.
///
/// The candidates are derived from the pattern's tree; a finding is one on which PCRE2 really hits the limit. A
/// pattern without a finding may still hit it: then the limit bounds the time.
final class BacktrackingCheck {
    /// Patterns of one table that are examined; for the others only the match limit remains.
    static let maxPatterns = 2_000
    /// Bytes of a text that is matched against a path's or field's pattern.
    static let subjectBytes = 128

    private var isHarmless: [ObjectIdentifier: Bool] = [:]
    private var cores: [ObjectIdentifier: [UInt8]] = [:]
    private var examined = 0
    private let scratch = MatchScratch()

    /// Texts that may prevent a match, the most likely first.
    private static let hostBreakers = ["", "_", "-", ".x", "0"].map { Array($0.utf8) }
    private static let otherBreakers = ["", "!", "/", "0", "~", "\t"].map { Array($0.utf8) }
    private static let hostAlphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
    private static let otherAlphabet =
        hostAlphabet + Array("/ ABCDEFGHIJKLMNOPQRSTUVWXYZ=,;:!\"#$%&'()*+<>?@[\\]^`{|}~\t".utf8)

    /// A text on which a rule's pattern hits its limit.
    func witness(_ pattern: RulePattern) -> [UInt8]? {
        switch pattern.subject {
        case .host(let host): witness(host)
        case .path(let pattern): witness(pattern, isPath: true)
        case .field(let pattern): witness(pattern, isPath: false)
        }
    }

    /// A target's name on which a pool's pattern hits its limit.
    func witness(target pattern: Pattern) -> [UInt8]? {
        let sizes = [HostName.maxBytes, HostName.maxLabelBytes]
        return find(pattern, Self.hostAlphabet, Self.hostBreakers, sizes: sizes) { subject in
            (try? HostName(subject.span))?.bytes == subject
        }
    }

    private func witness(_ host: HostPattern) -> [UInt8]? {
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

    /// A text on which a pattern of paths or fields hits its limit.
    ///
    /// - Parameter isPath: whether the text begins with a slash.
    private func witness(_ pattern: Pattern, isPath: Bool) -> [UInt8]? {
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
        guard Backtracking.isSuspicious(text), examined < Self.maxPatterns else { return nil }
        examined += 1
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
