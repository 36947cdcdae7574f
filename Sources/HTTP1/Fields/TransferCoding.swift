import Bytes

/// `Transfer-Encoding` (RFC 9112 §6.1): `chunked` alone.
enum TransferCoding {
    private static let chunked: StaticString = "chunked"

    /// Returns if the value is `chunked`. Otherwise distinguishes what Berth does not support (a valid list that
    /// has no `chunked` or ends with it) from what no program should support.
    static func check(_ bytes: Span<UInt8>, _ range: ByteRange) throws(FramingError) {
        if bytes.equals(range, chunked) { return }
        var elements = ListElements(range.indices)
        var count = 0
        var sawChunked = false
        while let element = elements.next(bytes).map(ByteRange.init) {
            guard !sawChunked, bytes.tokenEnd(from: element.lowerBound) == element.upperBound else {
                throw .badCoding
            }
            sawChunked = bytes.equals(element, chunked)
            count &+= 1
        }
        // One coding, as in "chunked,", but not spelled as every reader reads it.
        throw count == 0 || (count == 1 && sawChunked) ? .badCoding : .unknownCoding
    }
}
