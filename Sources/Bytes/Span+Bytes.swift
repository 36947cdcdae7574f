// Every function here proves its bounds before it reads unchecked: an index is not negative and below `count`.

extension Span<UInt8> {
    /// The byte, or nil before the start and after the end.
    @inlinable @inline(__always)
    package func byte(at index: Int) -> UInt8? {
        index >= 0 && index < count ? self[unchecked: index] : nil
    }

    /// Whether both have the same bytes.
    @inlinable
    package func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            guard self[unchecked: index] == other[unchecked: index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether both have the same bytes, case of ASCII letters aside.
    @inlinable
    package func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            guard ASCII.lowercased(self[unchecked: index]) == ASCII.lowercased(other[unchecked: index]) else {
                return false
            }
            index &+= 1
        }
        return true
    }

    @inlinable
    package func hasPrefix(_ prefix: Span<UInt8>) -> Bool {
        count >= prefix.count && extracting(first: prefix.count).equals(prefix)
    }

    @inlinable
    package func hasSuffix(_ suffix: Span<UInt8>) -> Bool {
        count >= suffix.count && extracting(last: suffix.count).equals(suffix)
    }

    /// Whether these bytes occur somewhere. No bytes occur everywhere.
    ///
    /// The time is the product of both lengths: for short texts.
    @inlinable
    package func contains(_ text: Span<UInt8>) -> Bool {
        var start = 0
        while count &- start >= text.count {
            if extracting(start..<(start &+ text.count)).equals(text) { return true }
            start &+= 1
        }
        return false
    }

    /// The first byte at or after `index` that is neither space nor tab, or `count`.
    @inlinable @inline(__always)
    package func blankEnd(from index: Int) -> Int {
        var index = index
        while let byte = byte(at: index), byte == ASCII.space || byte == ASCII.tab { index &+= 1 }
        return index
    }

    /// `end` without the spaces and tabs before it, not going below `start`.
    @inlinable @inline(__always)
    package func trimmingBlanks(from start: Int, to end: Int) -> Int {
        var end = end
        while end > start, let byte = byte(at: end &- 1), byte == ASCII.space || byte == ASCII.tab {
            end &-= 1
        }
        return end
    }
}

extension Array<UInt8> {
    package init(copying bytes: Span<UInt8>) {
        self.init(capacity: bytes.count) { out in
            for index in bytes.indices { out.append(bytes[index]) }
        }
    }

    package mutating func append(_ bytes: Span<UInt8>) {
        reserveCapacity(count + bytes.count)
        for index in bytes.indices { append(bytes[index]) }
    }
}
