import PatternLanguages
import PatternSyntax

/// How short the texts of a part of a pattern can be, and whether they can have a dot; nil where it is not plain.
struct PatternSize {
    /// Bytes.
    let least: Int
    let hasDot: Bool

    private init(least: Int, hasDot: Bool) {
        self.least = least
        self.hasDot = hasDot
    }

    init?(_ node: PatternNode) {
        switch node.kind {
        case .empty, .options, .comment, .anchor: self.init(least: 0, hasDot: false)
        case .byte(let byte, _): self.init(least: 1, hasDot: byte == UInt8(ascii: "."))
        case .set(let set, _): self.init(least: 1, hasDot: set.contains(UInt8(ascii: ".")))
        case .group(.capture, let inside), .group(.plain, let inside), .group(.atomic, let inside):
            self.init(inside)
        case .sequence(let parts):
            var least = 0
            var hasDot = false
            for part in parts {
                guard let size = PatternSize(part), size.least < 1 << 20 else { return nil }
                least += size.least
                hasDot = hasDot || size.hasDot
            }
            self.init(least: least, hasDot: hasDot)
        case .alternation(let branches):
            var least: Int?
            var hasDot = false
            for branch in branches {
                guard let size = PatternSize(branch) else { return nil }
                least = min(least ?? size.least, size.least)
                hasDot = hasDot || size.hasDot
            }
            self.init(least: least ?? 0, hasDot: hasDot)
        case .quantified(let inside, let quantifier):
            guard let size = PatternSize(inside), size.least < 1 << 20, quantifier.least < 1 << 20 else {
                return nil
            }
            self.init(least: size.least * quantifier.least, hasDot: size.hasDot)
        default: return nil
        }
    }
}
