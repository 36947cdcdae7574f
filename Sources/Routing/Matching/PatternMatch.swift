import Bytes
import PCRE2
import PatternSyntax

/// One pattern's match: a copy of the matched text, and the positions of its groups.
struct PatternMatch: Sendable {
    let text: [UInt8]
    let ranges: MatchedRanges
    let groups: CaptureGroups

    init(text: Span<UInt8>, ranges: MatchedRanges, groups: CaptureGroups) {
        self.text = [UInt8](copying: text)
        self.ranges = ranges
        self.groups = groups
    }

    /// The group's range in `text`; nil for a group that took no part in the match.
    func range(_ number: Int) -> Range<Int>? {
        guard let range = ranges[number], range.upperBound <= text.count else { return nil }
        return range
    }

    func capture(_ number: Int, _ source: Captures.Source) -> Captures.Capture {
        Captures.Capture(
            pattern: source,
            number: number,
            name: groups.names[number],
            value: range(number).map { String(decoding: text[$0], as: UTF8.self) }
        )
    }
}

extension PatternMatch {
    func forEachNamed(_ body: (_ name: String, _ value: Span<UInt8>) -> Void) {
        for (number, name) in groups.named {
            guard let range = range(number) else { continue }
            body(name, text.span.extracting(range))
        }
    }
}

/// The groups of a pattern: how many, and what they are called.
final class CaptureGroups: Sendable {
    let count: Int
    let names: [Int: String]
    /// The named groups, in the order of their numbers.
    let named: [(number: Int, name: String)]

    /// Whether the pattern is invalid, so that references to its groups cannot be checked.
    let isGuessed: Bool

    init(_ pattern: Pattern) {
        self.isGuessed = false
        self.count = pattern.captureCount
        self.names = Dictionary(pattern.captureNames.map { ($0.number, $0.name) }) { first, _ in first }
        self.named = names.map { (number: $0.key, name: $0.value) }.sorted { $0.number < $1.number }
    }

    /// Of a pattern that does not compile.
    init(guessedFrom tree: PatternTree) {
        isGuessed = true
        count = Int(UInt16.max)
        names = Dictionary(
            tree.captures.compactMap { capture in capture.name.map { (capture.number, $0) } }
        ) { first, _ in first }
        named = []
    }

    /// All numbers of a name: with `(?J)` several groups may share one.
    func numbers(_ name: String) -> [Int] {
        names.filter { $0.value == name }.map(\.key).sorted()
    }
}
