/// Limits of a head, or of a trailer section. Each is inclusive.
package struct HeadLimits: Hashable, Sendable {
    /// Bytes of the whole head, from the request line to the empty line (default 32 KiB). Beyond: 431.
    package var headBytes: Int
    /// Field lines (default 100). Beyond: 431.
    package var fields: Int
    /// Bytes of the request target (default 8 KiB). Beyond: 414.
    package var targetBytes: Int

    package init(headBytes: Int = 32 * 1024, fields: Int = 100, targetBytes: Int = 8 * 1024) {
        self.headBytes = headBytes
        self.fields = fields
        self.targetBytes = targetBytes
    }

    package static let `default` = HeadLimits()

    /// What a tier may add to a head that is just within these limits there: the fields of docs/forwarding.md, with
    /// the longest host and request id, and some for its rules.
    package static let hopBytes = 4 * 1024
    package static let hopFields = 16
    package static let hopTargetBytes = 1024

    /// The limits of a tier that receives its requests from a tier with these limits.
    package var forNextTier: HeadLimits {
        HeadLimits(
            headBytes: headBytes.addingSaturated(Self.hopBytes),
            fields: fields.addingSaturated(Self.hopFields),
            targetBytes: targetBytes.addingSaturated(Self.hopTargetBytes)
        )
    }
}

extension HeadLimits {
    /// `headBytes`, in the range of a `ByteRange`.
    var windowBytes: Int { max(0, min(headBytes, Int(UInt32.max))) }
}

extension Int {
    fileprivate func addingSaturated(_ other: Int) -> Int {
        let sum = addingReportingOverflow(other)
        return sum.overflow ? .max : sum.partialValue
    }
}
