/// What a head (or a trailer section) may cost. Each limit is inclusive.
package struct HeadLimits: Hashable, Sendable {
    /// The whole head, bytes, from the request line to the empty line (default 32 KiB). Beyond: 431.
    package var headBytes: Int
    /// Field lines (default 100). Beyond: 431.
    package var fields: Int
    /// The request target, bytes (default 8 KiB). Beyond: 414.
    package var targetBytes: Int

    package init(headBytes: Int = 32 * 1024, fields: Int = 100, targetBytes: Int = 8 * 1024) {
        self.headBytes = headBytes
        self.fields = fields
        self.targetBytes = targetBytes
    }

    package static let `default` = HeadLimits()

    /// What a tier in front may have added to a head that was just within these limits there: the fields of
    /// docs/forwarding.md, with the longest host and request id, and some for its rules.
    package static let hopBytes = 4 * 1024
    package static let hopFields = 16
    package static let hopTargetBytes = 1024

    /// The same limits for the next tier behind one that has them.
    package var behindTier: HeadLimits {
        HeadLimits(
            headBytes: headBytes.addingSaturated(Self.hopBytes),
            fields: fields.addingSaturated(Self.hopFields),
            targetBytes: targetBytes.addingSaturated(Self.hopTargetBytes)
        )
    }
}

extension Int {
    fileprivate func addingSaturated(_ other: Int) -> Int {
        let sum = addingReportingOverflow(other)
        return sum.overflow ? .max : sum.partialValue
    }
}
