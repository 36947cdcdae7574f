/// The elements of a comma-separated value, trimmed, without the empty ones (RFC 9110 §5.6.1).
///
/// For lists of tokens: a comma in a quoted string separates like any other.
@frozen @usableFromInline
package struct ListElements {
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    /// The part of the span that is the list.
    @inlinable
    package init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next element's position in the span, or nil after the last.
    @inlinable
    package mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
        while position < end {
            let start = Swift.min(bytes.blankEnd(from: position), end)
            var stop = start
            while stop < end, let byte = bytes.byte(at: stop), byte != ASCII.comma { stop &+= 1 }
            position = stop &+ 1
            let trimmed = bytes.trimmingBlanks(from: start, to: stop)
            if trimmed > start { return Range(uncheckedBounds: (start, trimmed)) }
        }
        return nil
    }
}

/// The elements of a comma-separated value from the last to the first, trimmed, the empty ones too.
///
/// For lists that proxies append to, such as `X-Forwarded-For`: the last element is the most trusted one, and an
/// empty element is a statement of a proxy that nobody may skip.
@frozen @usableFromInline
package struct ReversedListElements {
    @usableFromInline let start: Int
    /// Where the elements that are left end; nil when there are none.
    @usableFromInline var end: Int?

    /// The part of the span that is the list. An empty list has one empty element.
    @inlinable
    package init(_ range: Range<Int>) {
        start = range.lowerBound
        end = range.upperBound
    }

    /// The next element's position in the span, or nil after the first.
    @inlinable
    package mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
        guard let stop = end else { return nil }
        var first = stop
        while first > start, let byte = bytes.byte(at: first &- 1), byte != ASCII.comma { first &-= 1 }
        end = first > start ? first &- 1 : nil
        let begin = Swift.min(bytes.blankEnd(from: first), stop)
        return begin..<bytes.trimmingBlanks(from: begin, to: stop)
    }
}
