import Bytes

/// Percent-encoding (RFC 3986 §2.1).
enum PercentEncoding {
    private static let digits: [UInt8] = Array("0123456789ABCDEF".utf8)

    /// Appends path bytes: what a path may not have is encoded, `%` too.
    static func append(path bytes: Span<UInt8>, to out: inout [UInt8]) {
        for index in bytes.indices {
            let byte = bytes[index]
            if ASCII.isPath(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            }
        }
    }
}
