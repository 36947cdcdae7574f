import Bytes
import HTTP1
import NIOCore

/// A `traceparent` that was received (W3C Trace Context, level 1, §3.2).
package struct TraceParent: Sendable, Equatable {
    static let name = Array("traceparent".utf8)
    static let stateName = Array("tracestate".utf8)

    package let traceHigh: UInt64
    package let traceLow: UInt64
    package let span: UInt64
    package let isSampled: Bool

    /// Nil: the request has none, has several, or it is not valid.
    static func read(_ head: borrowing RequestHead, _ source: ByteBuffer) -> TraceParent? {
        let bytes = source.readableBytesUInt8Span
        let name = name
        var found: TraceParent?
        for index in head.fields.indices {
            let field = head.fields[index]
            guard field.id == .other, field.name.count == name.count,
                bytes.extracting(field.name.indices).equalsIgnoringCase(name.span)
            else { continue }
            guard found == nil, let parent = TraceParent(bytes.extracting(field.value.indices)) else {
                return nil
            }
            found = parent
        }
        return found
    }

    /// Reads `00-<32 digits>-<16 digits>-<2 digits>`; later versions may have more after it.
    package init?(_ text: Span<UInt8>) {
        guard text.count >= Self.length, let version = Self.number(text, 0, 2), version != 0xFF,
            text[2] == ASCII.hyphen, text[35] == ASCII.hyphen, text[52] == ASCII.hyphen,
            version == 0
                ? text.count == Self.length : text.count == Self.length || text[Self.length] == ASCII.hyphen,
            let high = Self.number(text, 3, 16), let low = Self.number(text, 19, 16),
            let span = Self.number(text, 36, 16), let flags = Self.number(text, 53, 2),
            high | low != 0, span != 0
        else { return nil }
        traceHigh = high
        traceLow = low
        self.span = span
        isSampled = flags & 1 == 1
    }

    private static let length = 55

    /// Digits in lower case alone; nil: there are others.
    private static func number(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for index in start..<(start + count) {
            let byte = text[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }
}
