import Bytes
import PCRE2
import PatternSyntax

/// A rule's pattern of the host: literal text around a core.
///
/// The core is what only PCRE2 can match. Many rules differ in their literals alone, one for each
/// tenant's domain: they share the core's machine code, which so is in the processor's caches
/// when a rule that was never asked before is asked. A struct, so that it lies in its rule.
struct HostPattern: Sendable {
    let core: PatternCore
    /// Head and tail, one behind the other: one place in memory.
    private let literals: [UInt8]
    private let headCount: Int

    /// - Parameters:
    ///   - head: literal text in front of the core, lower case.
    ///   - tail: literal text behind it.
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
    func whole(_ subject: [UInt8]) -> [UInt8] {
        Array(literals[..<headCount]) + subject + Array(literals[headCount...])
    }

    func isHost(with subject: [UInt8]) -> Bool {
        (try? HostName(whole(subject).span))?.bytes == whole(subject)
    }

    /// Bytes that the core may take: in a host of the greatest length, and in one label.
    var roomForCore: [Int] {
        [HostName.maxBytes - literals.count, HostName.maxLabelBytes - headCount]
    }

    /// One of these holds in every host that matches; empty: nothing is known.
    var alternatives: [RequiredLiterals] {
        let head = literals[..<headCount]
        let tail = literals[headCount...]
        if core.alternatives.isEmpty {
            return literals.isEmpty ? [] : [RequiredLiterals().between(head, tail)]
        }
        return core.alternatives.map { $0.between(head, tail) }
    }
}

/// A compiled pattern and what is known of its matches; shared by rules.
final class PatternCore: Sendable {
    let pattern: Pattern
    let groups: CaptureGroups
    /// Of what the core matches; empty: nothing is known.
    let alternatives: [RequiredLiterals]

    init(_ pattern: Pattern, _ groups: CaptureGroups, _ alternatives: [RequiredLiterals]) {
        self.pattern = pattern
        self.groups = groups
        self.alternatives = alternatives
    }

    /// Whether what every match must have is there.
    func mayMatch(_ subject: Span<UInt8>) -> Bool {
        if alternatives.isEmpty { return true }
        for alternative in alternatives where alternative.hold(in: subject) { return true }
        return false
    }
}
