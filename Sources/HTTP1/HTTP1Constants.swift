/// Limits that no deployment has reason to change.
package enum HTTP1Constants {
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
