package import HTTP1
package import NIOCore

/// The id of one request on its way through both tiers (`X-Request-ID`).
package enum RequestID {
    /// Whether an id that the client sent is kept: it must be short and of harmless bytes, because logs, responses
    /// and header fields contain it.
    package static func isKept(_ value: Span<UInt8>) -> Bool {
        guard !value.isEmpty, value.count <= DataPathConstants.requestIDBytes else { return false }
        for index in value.indices {
            switch value[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "+"),
                UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "~"):
                continue
            default:
                return false
            }
        }
        return true
    }

    /// The id that the request brings, if it is one to keep.
    package static func kept(_ head: borrowing RequestHead, _ source: ByteBuffer) -> ByteBuffer? {
        for index in head.fields.indices where head.fields[index].id == .xRequestID {
            let value = head.fields[index].value
            if isKept(source.readableBytesUInt8Span.extracting(value.indices)) {
                return source.getSlice(at: source.readerIndex + value.lowerBound, length: value.count)
            }
        }
        return nil
    }

    /// Writes 128 random bits as 32 hexadecimal digits.
    package static func make(_ random: inout Random, into out: inout ByteBuffer) {
        let digits = InlineArray<32, UInt8> { _ in 0 }
        var text = digits
        var high = random.next()
        var low = random.next()
        for index in 0..<16 {
            text[15 - index] = hexDigit(UInt8(truncatingIfNeeded: high & 0xF))
            text[31 - index] = hexDigit(UInt8(truncatingIfNeeded: low & 0xF))
            high &>>= 4
            low &>>= 4
        }
        out.append(text.span)
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") &+ nibble : UInt8(ascii: "a") &+ (nibble &- 10)
    }
}
