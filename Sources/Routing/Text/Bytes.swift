/// Spans and arrays of bytes, side by side.
enum Bytes {
    static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    static func hasPrefix(_ bytes: Span<UInt8>, _ prefix: Span<UInt8>) -> Bool {
        bytes.count >= prefix.count && equal(bytes.extracting(first: prefix.count), prefix)
    }

    static func hasSuffix(_ bytes: Span<UInt8>, _ suffix: Span<UInt8>) -> Bool {
        bytes.count >= suffix.count && equal(bytes.extracting(last: suffix.count), suffix)
    }

    static func contains(_ bytes: Span<UInt8>, _ word: Span<UInt8>) -> Bool {
        guard bytes.count >= word.count else { return false }
        for start in 0...(bytes.count - word.count)
        where equal(bytes.extracting(start..<(start + word.count)), word) {
            return true
        }
        return false
    }

    static func append(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        for index in bytes.indices { out.append(bytes[index]) }
    }
}

extension Array<UInt8> {
    init(copying bytes: Span<UInt8>) {
        self.init(capacity: bytes.count) { out in
            for index in bytes.indices { out.append(bytes[index]) }
        }
    }
}
