package import PCRE2
import PatternLanguages
package import PatternSyntax

/// A pattern laid over a host: whether it matches, what its groups take, or where it stops.
package struct Explanation: Sendable {
    package enum Outcome: Sendable, Hashable {
        case matched([Capture])
        case stopped(Stop)
        /// Text that every match must have is not in the host; the match itself would take too long.
        case lacksText
        /// The match took more steps than it may.
        case limit(MatchLimit)
        /// PCRE2's error code.
        case failed(Int32)
    }

    package struct Capture: Sendable, Hashable {
        package let number: Int
        package let name: String?
        /// Bytes of the host; nil: it took no part.
        package let range: Range<Int>?

        /// Its name, or its number.
        package var label: String { name ?? String(number) }
    }

    package struct Stop: Sendable, Hashable {
        /// How many bytes of the host could still begin a match.
        package let offset: Int
        /// The part of the pattern that nothing there meets; nil: it is not known.
        package let part: Range<Int>?
        /// What the part matches, in words.
        package let expected: String
    }

    package let tree: PatternTree
    package let words: PatternDescription
    package let host: [UInt8]
    package let outcome: Outcome
    /// Steps of the match, as the limit counts them; nil: more than it allows.
    package let steps: Int?
    package let limit = Int(MatchLimits.defaultSteps)

    /// As host patterns match: the whole host, in any case.
    static let options: PatternOptions = [.caseless, .wholeSubject]

    /// - Parameters:
    ///   - text: the pattern, without `~`.
    ///   - host: normalised.
    ///   - lacksText: whether live traffic sees without a match that the host has not what each must have.
    /// - Throws: `PatternError` with the position in `text`.
    package init(_ text: String, host: [UInt8], lacksText: Bool = false) throws(PatternError) {
        let pattern = try Pattern(text, options: Self.options)
        let tree = PatternTree(text, ignoresCase: true)
        self.tree = tree
        self.words = PatternDescription(tree)
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
        case .noMatch:
            outcome = .stopped(MismatchLocator(tree, host).stop(furthest: pattern.furthest(host.span)))
        case .limitExceeded(let limit): outcome = lacksText ? .lacksText : .limit(limit)
        case .failed(let code): outcome = .failed(code)
        }
        steps = Self.steps(text, host)
    }

    package var isMatch: Bool { if case .matched = outcome { true } else { false } }

    /// The minimum limit under which the match is completed.
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
