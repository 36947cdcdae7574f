import PatternLanguages
import PatternSyntax

/// The texts of a part of a pattern that lists them: `shop|blog`, `0[12]`.
enum FiniteLanguage {
    private static let maxTexts = 16
    /// Bytes of a class: more are a kind of byte, not a list.
    private static let maxBytes = 4

    /// Lower case; nil: it is no list.
    static func texts(_ node: PatternNode) -> [[UInt8]]? {
        switch node.kind {
        case .empty, .options, .comment: return [[]]
        case .byte(let byte, _): return [[ByteSet.upper.contains(byte) ? byte + 0x20 : byte]]
        case .set(let set, .brackets(isNegated: false)):
            let bytes = set.bytes.filter { !ByteSet.upper.contains($0) }
            return bytes.count <= maxBytes ? bytes.map { [$0] } : nil
        case .group(.plain, let inside), .group(.atomic, let inside): return texts(inside)
        case .alternation(let branches):
            var all: [[UInt8]] = []
            for branch in branches {
                guard let more = texts(branch), all.count + more.count <= maxTexts else { return nil }
                all += more
            }
            return all
        case .sequence(let parts):
            var all: [[UInt8]] = [[]]
            for part in parts {
                guard let more = texts(part), all.count * more.count <= maxTexts else { return nil }
                all = all.flatMap { head in more.map { head + $0 } }
            }
            return all
        default: return nil
        }
    }
}
