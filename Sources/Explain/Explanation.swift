public import PCRE2
public import Patterns

/// A pattern laid over a host: whether it matches, what its groups take, or where it stops.
public struct Explanation: Sendable {
    public enum Outcome: Sendable, Hashable {
        case matched([Capture])
        case stopped(Stop)
        /// Text that every match must have is not in the host; the match itself would take too long.
        case lacksText
        /// The match took more steps than it may.
        case limit(MatchLimit)
        /// PCRE2's error code.
        case failed(Int32)
    }

    public struct Capture: Sendable, Hashable {
        public let number: Int
        public let name: String?
        /// Bytes of the host; nil: it took no part.
        public let range: Range<Int>?

        /// Its name, or its number.
        public var label: String { name ?? String(number) }
    }

    public struct Stop: Sendable, Hashable {
        /// How many bytes of the host could still begin a match.
        public let offset: Int
        /// The part of the pattern that nothing there meets; nil: it is not known.
        public let part: Range<Int>?
        /// What it wants, in words.
        public let expected: String
    }

    public let tree: PatternTree
    public let words: PatternWords
    public let host: [UInt8]
    public let outcome: Outcome
    /// Steps of the match, as the limit counts them; nil: more than it allows.
    public let steps: Int?
    public let limit = Int(MatchLimits.defaultSteps)

    /// As host patterns match: the whole host, in any case.
    static let options: PatternOptions = [.caseless, .wholeSubject]

    /// - Parameters:
    ///   - text: the pattern, without `~`.
    ///   - host: normalised.
    ///   - lacksText: whether live traffic sees without a match that the host has not what each must have.
    /// - Throws: `PatternError` with the place in `text`.
    public init(_ text: String, host: [UInt8], lacksText: Bool = false) throws(PatternError) {
        let pattern = try Pattern(text, options: Self.options)
        let tree = PatternTree(text, ignoresCase: true)
        self.tree = tree
        self.words = PatternWords(tree)
        self.host = host
        switch pattern.match(host.span, scratch: MatchScratch()) {
        case .matched(let ranges):
            let names = Dictionary(pattern.captureNames.map { ($0.number, $0.name) }) { first, _ in first }
            var captures: [Capture] = []
            for number in 0..<pattern.captureCount {
                captures.append(
                    Capture(number: number + 1, name: names[number + 1], range: ranges[number + 1])
                )
            }
            outcome = .matched(captures)
        case .noMatch: outcome = .stopped(Stopping(tree, host).stop(furthest: pattern.furthest(host.span)))
        case .limitExceeded(let limit): outcome = lacksText ? .lacksText : .limit(limit)
        case .failed(let code): outcome = .failed(code)
        }
        steps = Self.steps(text, host)
    }

    public var isMatch: Bool { if case .matched = outcome { true } else { false } }

    /// The least limit under which the match comes to its end.
    private static func steps(_ text: String, _ host: [UInt8]) -> Int? {
        func ends(_ steps: Int) -> Bool {
            let limits = MatchLimits(steps: UInt32(clamping: steps))
            guard let pattern = try? Pattern(text, options: options, limits: limits) else { return false }
            pattern.prepare()
            if case .limitExceeded = pattern.match(host.span, scratch: MatchScratch()) { return false }
            return true
        }
        var low = 1
        var high = Int(MatchLimits.defaultSteps)
        guard ends(high) else { return nil }
        while low < high {
            let middle = (low + high) / 2
            if ends(middle) { high = middle } else { low = middle + 1 }
        }
        return high
    }
}
