import Bytes
package import PCRE2
import PatternSyntax

/// A rule's pattern of the host: literal text around a core.
///
/// Only PCRE2 can match the core. Rules often differ in their literals alone, such as one rule for each tenant's
/// domain: they share the core's machine code, which is then in the processor's caches even for a rule that is
/// evaluated for the first time. A struct, so that it is stored in its rule.
package struct HostPattern: Sendable {
    package let core: PatternCore
    /// Head and tail, one after the other in memory.
    private let literals: [UInt8]
    private let headCount: Int

    /// - Parameters:
    ///   - head: literal text before the core, lower case.
    ///   - tail: literal text after it.
    init(head: [UInt8] = [], core: PatternCore, tail: [UInt8] = []) {
        self.core = core
        self.literals = head + tail
        self.headCount = head.count
    }

    func match(_ host: Span<UInt8>, scratch: RouteScratch) -> HostMatcher.Verdict {
        let bytes = literals
        guard host.count >= bytes.count else { return .no }
        let tailCount = bytes.count - headCount
        let literals = bytes.span
        guard host.hasSuffix(literals.extracting(last: tailCount)),
            host.hasPrefix(literals.extracting(first: headCount))
        else { return .no }
        let end = host.count - tailCount
        guard core.mayMatch(host.extracting(headCount..<end)) else { return .no }
        switch core.pattern.match(host, from: headCount, to: end, scratch: scratch.match) {
        case .matched(let ranges): return .yes(ranges)
        case .noMatch: return .no
        case .limitExceeded, .failed: return .limit
        }
    }

    /// A host whose core is `subject`.
    package func whole(_ subject: [UInt8]) -> [UInt8] {
        Array(literals[..<headCount]) + subject + Array(literals[headCount...])
    }

    package func isHost(with subject: [UInt8]) -> Bool {
        (try? HostName(whole(subject).span))?.bytes == whole(subject)
    }

    /// The maximum number of bytes of the core: in a host of the maximum length, and in one label.
    package var roomForCore: [Int] {
        [HostName.maxBytes - literals.count, HostName.maxLabelBytes - headCount]
    }

    /// Each host that matches has the literals of one of these; empty: nothing is known.
    var alternatives: [RequiredLiterals] {
        let head = literals[..<headCount]
        let tail = literals[headCount...]
        if core.alternatives.isEmpty {
            return literals.isEmpty ? [] : [RequiredLiterals().between(head, tail)]
        }
        return core.alternatives.map { $0.between(head, tail) }
    }
}

/// A compiled pattern and the literals of its matches; shared by rules.
package final class PatternCore: Sendable {
    package let pattern: Pattern
    let groups: CaptureGroups
    /// Each match of the core has the literals of one of these; empty: nothing is known.
    let alternatives: [RequiredLiterals]

    init(_ pattern: Pattern, _ groups: CaptureGroups, _ alternatives: [RequiredLiterals]) {
        self.pattern = pattern
        self.groups = groups
        self.alternatives = alternatives
    }

    /// Whether a text contains what every match must contain.
    package func mayMatch(_ subject: Span<UInt8>) -> Bool {
        if alternatives.isEmpty { return true }
        for alternative in alternatives where alternative.hold(in: subject) { return true }
        return false
    }
}
