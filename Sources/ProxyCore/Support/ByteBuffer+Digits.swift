import Bytes
package import NIOCore

extension ByteBuffer {
    /// Writes a number in decimal digits, without a `String`.
    package mutating func writeDecimal(_ value: UInt64) {
        append(DecimalDigits(value).span)
    }

    /// Writes a number in hexadecimal digits, as a chunk's size is spelled (RFC 9112 §7.1), without a `String`.
    package mutating func writeHexadecimal(_ value: UInt64) {
        append(HexadecimalDigits(value).span)
    }
}
