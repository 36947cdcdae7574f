import PatternLanguages
import PatternSyntax

/// A text that a pattern likely matches: the first branch, the fewest rounds, letters that read well.
enum Example {
    private static let preferred = Array("abcdefghijklmnopqrstuvwxyz0123456789-_./".utf8)

    /// Nil where parts refer to others, or are unknown.
    static func text(_ tree: PatternTree) -> [UInt8]? { text(tree.root) }

    static func text(_ node: PatternNode) -> [UInt8]? {
        switch node.kind {
        case .empty, .anchor, .options, .comment: return []
        case .byte(let byte, let ignoresCase):
            let isUpper = ByteSet.upper.contains(byte)
            return [ignoresCase && isUpper ? byte + 0x20 : byte]
        case .set(let set, _):
            let byte = preferred.first(where: set.contains) ?? (0x21...0x7E).first(where: set.contains)
            return (byte ?? set.bytes.first).map { [$0] }
        case .sequence(let parts):
            var bytes: [UInt8] = []
            for part in parts {
                guard let more = text(part), bytes.count < longest else { return nil }
                bytes += more
            }
            return bytes
        case .alternation(let branches): return branches.lazy.compactMap(text).first
        case .group(.capture, let inside), .group(.plain, let inside), .group(.atomic, let inside),
            .group(.branchReset, let inside):
            return text(inside)
        case .quantified(let inside, let quantifier):
            guard let once = text(inside), once.count * quantifier.min < longest else { return nil }
            return (0..<quantifier.min).flatMap { _ in once }
        default: return nil
        }
    }

    private static let longest = 4096
}
