/// A compiled PCRE2 pattern over bytes.
///
/// Immutable: all threads may use it at once, each with a `MatchScratch` of its own.
/// Subjects are bytes, never UTF text (`(*UTF)` in a pattern is an error); `$` matches only at the very end of the
/// subject.
public final class Pattern: Sendable {
    public let text: String
    public let options: PatternOptions
    public let limits: MatchLimits
    /// Groups, without the whole match.
    public let captureCount: Int
    /// Named groups, by number.
    public let captureNames: [(name: String, number: Int)]

    let code: Code

    /// - Throws: `PatternError` with the position of the error in `text`. A pattern that lowers the match limits
    ///   (`(*LIMIT_MATCH=…)`) is an error: the limits are the caller's.
    public init(
        _ text: String,
        options: PatternOptions = [],
        limits: MatchLimits = .default
    ) throws(PatternError) {
        if let offset = PatternSettings.limit(in: Array(text.utf8)) {
            throw PatternError(message: "a pattern cannot set its own match limits", offset: offset)
        }
        self.text = text
        self.options = options
        self.limits = limits
        self.code = try Code(text, options: options)
        self.captureCount = code.captureCount
        self.captureNames = code.captureNames
    }

    /// Whether the pattern runs as machine code; otherwise PCRE2's interpreter runs it. Compiles the machine code
    /// if that has not been done yet.
    public var usesJIT: Bool { code.usesJIT }

    /// Compiles machine code now instead of after some matches. Takes about 20 µs, and some kibibytes for a small
    /// pattern.
    public func prepare() {
        code.prepare()
    }

    /// Searches `subject` for the pattern; with `.wholeSubject` the pattern must match all of it.
    ///
    /// Returns within the pattern's limits, whatever the subject is. Allocates nothing except the ranges of a match.
    public func match(_ subject: Span<UInt8>, scratch: MatchScratch) -> MatchOutcome {
        match(subject, from: 0, to: subject.count, scratch: scratch)
    }

    /// Like `match(_:scratch:)`, for a subject whose bytes before `start` and from `end` on are known to match: the
    /// pattern sees only the bytes in between.
    ///
    /// - Returns: ranges in `subject`. With `.wholeSubject` the match (group 0) is all of it.
    public func match(
        _ subject: Span<UInt8>,
        from start: Int,
        to end: Int,
        scratch: MatchScratch
    ) -> MatchOutcome {
        let middle = subject.extracting(start..<end)
        let steps = limits.steps(searching: code.isAnchored ? 1 : middle.count)
        let status = code.match(middle, scratch: scratch, limits: limits, steps: steps, mode: .jit)
        switch status {
        case .matched(let groups):
            let isWhole = options.contains(.wholeSubject)
            // PCRE2 anchors both ends itself. These checks make sure that no other text matches if it ever does not.
            if code.isAnchored, scratch.matchStart != 0 { return .noMatch }
            if isWhole || options.contains(.anchoredEnd), scratch.matchEnd != middle.count { return .noMatch }
            let whole = isWhole ? 0..<subject.count : nil
            return .matched(
                scratch.ranges(count: captureCount + 1, set: groups, offset: start, whole: whole)
            )
        case .noMatch, .partial: return .noMatch
        case .limit(let limit): return .limitExceeded(limit)
        case .failed(let code): return .failed(code: code)
        }
    }

    /// How many leading bytes of `subject` could begin a match with another rest: where a pattern that does not
    /// match failed. For messages; slow.
    public func furthest(_ subject: Span<UInt8>) -> Int {
        Self.furthest(text, options, limits: limits, in: subject)
    }

    /// Like `furthest(_:)`, for a pattern that is not compiled; 0 if `text` is not a valid pattern.
    public static func furthest(
        _ text: String,
        _ options: PatternOptions,
        limits: MatchLimits = .default,
        in subject: Span<UInt8>
    ) -> Int {
        guard let twin = try? Code(text, options: options, anchorEnd: false) else { return 0 }
        let scratch = MatchScratch()
        var furthest = 0
        // A pattern that hits a limit hits it for many lengths: this limits all of them together.
        var limitsHit = 0
        for count in stride(from: subject.count, to: 0, by: -1) {
            let prefix = subject.extracting(0..<count)
            switch twin.match(prefix, scratch: scratch, limits: limits, steps: limits.steps, mode: .partial) {
            case .partial: return max(furthest, count)
            case .matched: furthest = max(furthest, scratch.matchEnd)
            case .noMatch, .failed: break
            case .limit:
                limitsHit += 1
                if limitsHit > 8 { return furthest }
            }
            if furthest >= count { return furthest }
        }
        return furthest
    }
}
