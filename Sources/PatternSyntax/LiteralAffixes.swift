/// The literal text that every match of a pattern begins and ends with, as far as it is easily seen.
///
/// Two patterns whose ends do not agree have no match in common.
public struct LiteralAffixes: Sendable, Hashable {
    /// Lower case.
    public var prefix: [UInt8]
    public var suffix: [UInt8]

    public init(prefix: [UInt8] = [], suffix: [UInt8] = []) {
        self.prefix = prefix
        self.suffix = suffix
    }

    /// Of whole matches in any case.
    public init(_ tree: PatternTree) {
        prefix = Self.literals(tree.root, fromFront: true).bytes
        suffix = Self.literals(tree.root, fromFront: false).bytes.reversed()
    }

    /// Whether one text could have the ends of both.
    public func agree(_ other: LiteralAffixes) -> Bool {
        let prefixes = zip(prefix, other.prefix).allSatisfy { $0 == $1 }
        let suffixes = zip(suffix.reversed(), other.suffix.reversed()).allSatisfy { $0 == $1 }
        return prefixes && suffixes
    }

    /// - Returns: the bytes in the direction of reading, and whether that is all there is.
    private static func literals(_ node: PatternNode, fromFront: Bool) -> (bytes: [UInt8], isWhole: Bool) {
        switch node.kind {
        case .empty, .options, .comment, .anchor: return ([], true)
        case .byte(let byte, _): return ([ByteSet.upper.contains(byte) ? byte + 0x20 : byte], true)
        case .group(.capture, let inside), .group(.plain, let inside), .group(.atomic, let inside):
            return literals(inside, fromFront: fromFront)
        case .sequence(let parts):
            var bytes: [UInt8] = []
            for part in fromFront ? parts : parts.reversed() {
                let (more, isWhole) = literals(part, fromFront: fromFront)
                bytes += more
                if !isWhole { return (bytes, false) }
            }
            return (bytes, true)
        case .set(let set, _):
            let lower = Set(set.bytes.map { ByteSet.upper.contains($0) ? $0 + 0x20 : $0 })
            if lower.count == 1, let only = lower.first { return ([only], true) }
            return ([], false)
        default: return ([], false)
        }
    }
}
