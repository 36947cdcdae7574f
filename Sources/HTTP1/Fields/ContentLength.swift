import Bytes

/// `Content-Length` (RFC 9110 §8.6): digits and nothing else. Lists of equal values, which a recipient may
/// accept, are refused: another reader may use the first or the last.
enum ContentLength {
    static func parse(_ bytes: Span<UInt8>, _ range: ByteRange) throws(FramingError) -> UInt64 {
        guard !range.isEmpty, range.count <= HTTP1Constants.contentLengthDigits else { throw .badLength }
        var value: UInt64 = 0
        var index = range.lowerBound
        while index < range.upperBound {
            guard let byte = bytes.byte(at: index), ASCII.isDigit(byte) else { throw .badLength }
            // Nineteen digits stay below 2⁶⁴.
            value = value &* 10 &+ UInt64(byte &- ASCII.zero)
            index &+= 1
        }
        guard value <= HTTP1Constants.bodyLength else { throw .badLength }
        return value
    }
}
