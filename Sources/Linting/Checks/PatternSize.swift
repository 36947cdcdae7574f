import PatternLanguages
import PatternSyntax

/// How short the texts of a part of a pattern can be, and whether they can have a dot; nil where it is not plain.
struct PatternSize {
    /// Bytes.
    let minBytes: Int
    let hasDot: Bool

    private init(minBytes: Int, hasDot: Bool) {
        self.minBytes = minBytes
        self.hasDot = hasDot
    }

    init?(_ node: PatternNode) {
        switch node.kind {
        case .empty, .options, .comment, .anchor: self.init(minBytes: 0, hasDot: false)
        case .byte(let byte, _): self.init(minBytes: 1, hasDot: byte == UInt8(ascii: "."))
        case .set(let set, _): self.init(minBytes: 1, hasDot: set.contains(UInt8(ascii: ".")))
        case .group(.capture, let inside), .group(.plain, let inside), .group(.atomic, let inside):
            self.init(inside)
        case .sequence(let parts):
            var minBytes = 0
            var hasDot = false
            for part in parts {
                guard let size = PatternSize(part), size.minBytes < 1 << 20 else { return nil }
                minBytes += size.minBytes
                hasDot = hasDot || size.hasDot
            }
            self.init(minBytes: minBytes, hasDot: hasDot)
        case .alternation(let branches):
            var minBytes: Int?
            var hasDot = false
            for branch in branches {
                guard let size = PatternSize(branch) else { return nil }
                minBytes = min(minBytes ?? size.minBytes, size.minBytes)
                hasDot = hasDot || size.hasDot
            }
            self.init(minBytes: minBytes ?? 0, hasDot: hasDot)
        case .quantified(let inside, let quantifier):
            guard let size = PatternSize(inside), size.minBytes < 1 << 20, quantifier.min < 1 << 20 else {
                return nil
            }
            self.init(minBytes: size.minBytes * quantifier.min, hasDot: size.hasDot)
        default: return nil
        }
    }
}
