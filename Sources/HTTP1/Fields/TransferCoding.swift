import Bytes

/// `Transfer-Encoding` (RFC 9112 §6.1): `chunked` alone.
enum TransferCoding {
    private static let chunked: StaticString = "chunked"

    /// Returns if the value is `chunked`; otherwise tells what we do not support (a proper list that either has
    /// no `chunked` or ends in it) from what no one should support.
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
        // "chunked," and the like: one coding, but not spelt as everyone reads it.
        throw count == 0 || (count == 1 && sawChunked) ? .badCoding : .unknownCoding
    }
}
