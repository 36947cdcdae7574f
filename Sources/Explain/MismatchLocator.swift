import PCRE2
import PatternLanguages
import PatternSyntax

/// Finds the part of a pattern at which a host that does not match gets no further.
///
/// Growing prefixes of the pattern are matched against the prefixes of the host; the part after the longest prefix
/// that matches is the one. Groups are searched the same way.
struct MismatchLocator {
    private let tree: PatternTree
    private let host: [UInt8]

    /// Groups within one another that are gone into.
    private static let maxDepth = 16

    init(_ tree: PatternTree, _ host: [UInt8]) {
        self.tree = tree
        self.host = host
    }

    func stop(furthest: Int) -> Explanation.Stop {
        guard tree.isKnown else {
            return Explanation.Stop(offset: furthest, part: nil, expected: "the rest of the pattern")
        }
        guard let node = culprit(in: tree.root, after: "", depth: 0) else {
            return Explanation.Stop(offset: furthest, part: nil, expected: "the end of the host")
        }
        var expected = PatternDescription.words(node, in: tree)
        if let group = tree.captures.last(where: {
            $0.range.lowerBound <= node.range.lowerBound && node.range.upperBound <= $0.range.upperBound
                && $0.range != node.range
        }) {
            expected += " (in \(group.name.map { "`\($0)`" } ?? "group \(group.number)"))"
        }
        return Explanation.Stop(offset: furthest, part: node.range, expected: expected)
    }

    /// The part of `node` that does not match after `head`; nil: all of it does.
    private func culprit(in node: PatternNode, after head: String, depth: Int) -> PatternNode? {
        guard depth < Self.maxDepth else { return matches(head + tree.text(of: node)) ? nil : node }
        switch node.kind {
        case .sequence(let parts):
            var text = head
            for part in parts {
                let next = text + tree.text(of: part)
                if !matches(next) {
                    // Literal text is reported as a whole.
                    if case .byte = part.kind { return literal(around: part, in: parts) }
                    return culprit(in: part, after: text, depth: depth + 1) ?? part
                }
                text = next
            }
            return nil
        case .group(.capture, let inside), .group(.plain(options: ""), let inside):
            if matches(head + tree.text(of: node)) { return nil }
            if case .alternation = inside.kind { return node }
            return culprit(in: inside, after: head + "(?:", depth: depth + 1) ?? node
        default:
            return matches(head + tree.text(of: node)) ? nil : node
        }
    }

    /// The run of literal bytes that a byte is in.
    private func literal(around part: PatternNode, in parts: [PatternNode]) -> PatternNode {
        guard let index = parts.firstIndex(where: { $0.range == part.range }) else { return part }
        var first = index
        var last = index
        while first > 0, case .byte = parts[first - 1].kind { first -= 1 }
        while last + 1 < parts.count, case .byte = parts[last + 1].kind { last += 1 }
        let range = parts[first].range.lowerBound..<parts[last].range.upperBound
        return PatternNode(.sequence(Array(parts[first...last])), range)
    }

    /// Whether a beginning of the host matches a beginning of the pattern. Groups that `text` leaves
    /// open are closed.
    private func matches(_ text: String) -> Bool {
        let open = text.isEmpty ? 0 : PatternDepth.open(text)
        let closed = "^(?:" + text + String(repeating: ")", count: open) + ")"
        guard let pattern = try? Pattern(closed, options: .caseless) else { return false }
        if case .matched = pattern.match(host.span, scratch: MatchScratch()) { return true }
        return false
    }
}

/// How many of the groups that were gone into a text leaves open.
enum PatternDepth {
    static func open(_ text: String) -> Int {
        var depth = 0
        var inClass = false
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): _ = bytes.popFirst()
            case UInt8(ascii: "[") where !inClass:
                inClass = true
                if bytes.first == UInt8(ascii: "^") { bytes.removeFirst() }
                if bytes.first == UInt8(ascii: "]") { bytes.removeFirst() }
            case UInt8(ascii: "]"): inClass = false
            case UInt8(ascii: "(") where !inClass: depth += 1
            case UInt8(ascii: ")") where !inClass: depth -= 1
            default: break
            }
        }
        return max(0, depth)
    }
}
