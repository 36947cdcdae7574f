import PCRE2

/// A rule's pattern of the host: literal text around a core.
///
/// The core is what only PCRE2 can match. Many rules differ in their literals alone, one for each
/// tenant's domain: they share the core's machine code, which so is in the processor's caches
/// when a rule that was never asked before is asked.
final class HostPattern: Sendable {
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
        guard Bytes.hasSuffix(host, literals.extracting(last: tailCount)),
            Bytes.hasPrefix(host, literals.extracting(first: headCount))
        else { return .no }
        let end = host.count - tailCount
        guard core.mayMatch(host.extracting(headCount..<end)) else { return .no }
        switch core.pattern.match(host, from: headCount, to: end, scratch: scratch.match) {
        case .matched(let ranges): return .yes(ranges)
        case .noMatch: return .no
        case .limitExceeded, .failed: return .limit
        }
    }

    /// One of these holds in every host that matches; empty: nothing is known.
    var alternatives: [HostLiterals] {
        let head = literals[..<headCount]
        let tail = literals[headCount...]
        if core.alternatives.isEmpty {
            return literals.isEmpty ? [] : [HostLiterals().between(head, tail)]
        }
        return core.alternatives.map { $0.between(head, tail) }
    }
}

/// A compiled pattern and what is known of its matches; shared by rules.
final class PatternCore: Sendable {
    let pattern: Pattern
    let groups: CaptureGroups
    /// Of what the core matches; empty: nothing is known.
    let alternatives: [HostLiterals]

    init(_ text: [UInt8]) throws(PatternError) {
        self.pattern = try Pattern(
            String(decoding: text, as: UTF8.self),
            options: HostMatcher.patternOptions
        )
        self.groups = CaptureGroups(pattern)
        self.alternatives = PatternShape(text).alternatives
    }

    /// Whether what every match must have is there.
    func mayMatch(_ subject: Span<UInt8>) -> Bool {
        if alternatives.isEmpty { return true }
        for alternative in alternatives where alternative.hold(in: subject) { return true }
        return false
    }
}

/// The cores of a table under construction: one for each text.
final class PatternShelf {
    private var cores: [[UInt8]: PatternCore] = [:]

    /// Patterns that are made machine code at once: a reload of a usual table leaves nothing
    /// for its first requests. The others are when they are first asked, which takes some
    /// 20 µs of that decision.
    static let readyPatterns = 1_024

    /// - Throws: what is wrong with the text as it was written.
    func pattern(_ text: [UInt8]) throws(PatternError) -> HostPattern {
        if let cut = PatternShape(text).cut, let core = try? core(Array(text[cut.core])) {
            return HostPattern(head: cut.head, core: core, tail: cut.tail)
        }
        return HostPattern(core: try core(text))
    }

    private func core(_ text: [UInt8]) throws(PatternError) -> PatternCore {
        if let core = cores[text] { return core }
        let core = try PatternCore(text)
        if cores.count < Self.readyPatterns { core.pattern.prepare() }
        cores[text] = core
        return core
    }
}
