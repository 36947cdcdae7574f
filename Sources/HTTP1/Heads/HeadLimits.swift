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

/// Limits that no deployment has reason to change.
package enum FixedLimits {
    /// A method's name, bytes. The longest registered one has 17.
    package static let methodBytes = 32
    /// Names in all `Connection` fields together, those with a meaning of their own (`close`, `keep-alive`,
    /// `upgrade`, `te`) not counted. Each is looked up among all fields, so this bounds the work.
    package static let connectionOptions = 32
    /// A chunk-size line with its extensions, bytes, line end included. RFC 9112 §7.1.1.
    package static let chunkLineBytes = 4 * 1024
    /// Digits of a chunk size, leading zeros included.
    package static let chunkSizeDigits = 16
    /// By how many bytes the chunk-size lines of one body may exceed 16 for each chunk and 2 for each byte of
    /// data: stops a sender from making us read long extensions around next to nothing.
    package static let chunkExcessBytes = 16 * 1024
    /// Digits of a `Content-Length`, leading zeros included.
    package static let contentLengthDigits = 19
    /// Greatest length of a body or a chunk: what a signed 64-bit reader behind us can hold.
    package static let bodyLength = UInt64(Int64.max)
}
