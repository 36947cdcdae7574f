/// The elements of a comma-separated value, trimmed, without the empty ones (RFC 9110 §5.6.1). Commas inside
/// quoted strings are not looked for: the lists read here are of tokens.
struct ListElements {
    private var position: Int
    private let end: Int

    init(_ range: ByteRange) {
        position = range.lowerBound
        end = range.upperBound
    }

    mutating func next(_ bytes: Span<UInt8>) -> ByteRange? {
        while position < end {
            let start = min(bytes.blankEnd(from: position), end)
            var stop = start
            while stop < end, let byte = bytes.byte(at: stop), byte != ASCII.comma { stop &+= 1 }
            position = stop &+ 1
            let trimmed = bytes.trimmingBlanks(from: start, to: stop)
            if trimmed > start { return ByteRange(start, trimmed) }
        }
        return nil
    }
}
