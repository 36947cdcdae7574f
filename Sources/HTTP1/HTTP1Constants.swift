/// Limits that no deployment needs to change.
package enum HTTP1Constants {
    /// A method's name, bytes. The longest registered one has 17.
    package static let methodBytes = 32
    /// The first byte of a TLS record that begins a handshake (RFC 8446 §5.1).
    package static let tlsHandshake: UInt8 = 0x16
    /// Names in all `Connection` fields together; those with a meaning of their own (`close`, `keep-alive`,
    /// `upgrade`, `te`) do not count. Each is looked up among all fields, so this bounds the work.
    package static let connectionOptions = 32
    /// A chunk-size line with its extensions, bytes, line end included. RFC 9112 §7.1.1.
    package static let chunkLineBytes = 4 * 1024
    /// Digits of a chunk size, leading zeros included.
    package static let chunkSizeDigits = 16
    /// Bytes by which the chunk-size lines of one body may exceed 16 for each chunk and 2 for each byte of data: a
    /// sender cannot make Berth read long extensions around almost no data.
    package static let chunkExcessBytes = 16 * 1024
    /// Digits of a `Content-Length`, leading zeros included.
    package static let contentLengthDigits = 19
    /// The maximum length of a body or a chunk: what later readers with a signed 64-bit number can hold.
    package static let bodyLength = UInt64(Int64.max)
    /// The largest `Max-Forwards`; a larger one counts as this.
    package static let maxForwards: UInt64 = 1_000_000
}
