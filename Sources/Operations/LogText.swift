import NIOCore
import Proxy
import Routing

/// Bytes of strangers in a log line: nothing that a client sends may end a line, close
/// a quote or move a terminal's cursor.
extension ByteBuffer {
    /// `\xHH` for everything that is not printable ASCII, and for quote and backslash.
    mutating func writeEscapedText(_ text: ByteBuffer) {
        let bytes = text.readableBytesUInt8Span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                writeStaticString("\\x")
                writeHexByte(byte)
            } else {
                writeInteger(byte)
            }
        }
    }

    /// The inside of a JSON string: bytes beyond ASCII stand as `\u00HH`.
    mutating func writeEscapedJSON(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                writeInteger(UInt8(ascii: "\\"))
                writeInteger(byte)
            case 0x20...0x7E:
                writeInteger(byte)
            default:
                writeStaticString("\\u00")
                writeHexByte(byte)
            }
        }
    }

    private mutating func writeHexByte(_ byte: UInt8) {
        let digits: StaticString = "0123456789abcdef"
        digits.withUTF8Buffer { digits in
            writeInteger(digits[Int(byte >> 4)])
            writeInteger(digits[Int(byte & 0xF)])
        }
    }

    /// A span of time in seconds with six digits behind the point.
    mutating func writeSeconds(_ amount: TimeAmount) {
        let microseconds = max(amount.nanoseconds, 0) / 1000
        writeString(String(microseconds / 1_000_000))
        writeInteger(UInt8(ascii: "."))
        let fraction = String(microseconds % 1_000_000)
        writeString(String(repeating: "0", count: 6 - fraction.utf8.count))
        writeString(fraction)
    }
}

/// A record like nginx's `combined`, with `key=value` pairs behind it.
enum TextRecord {
    static func write(_ record: ExchangeRecord, at now: LogClock.Moment, into out: inout ByteBuffer) {
        out.writeString(record.client.description)
        out.writeString(" - - [")
        out.writeString(now.combined)
        out.writeStaticString("] \"")
        if record.method.readableBytes == 0 {
            out.writeStaticString("-")
        } else {
            out.writeEscapedText(record.method)
            out.writeStaticString(" ")
            out.writeEscapedText(record.target)
            out.writeStaticString(" ")
            out.writeString(record.version.description)
        }
        out.writeStaticString("\" ")
        out.writeString(String(record.status))
        out.writeStaticString(" ")
        out.writeString(String(record.bytesOut))
        writeQuoted(record.referer, into: &out)
        writeQuoted(record.userAgent, into: &out)
        out.writeStaticString(" host=")
        writeOrDash(record.host, into: &out)
        out.writeStaticString(" rule=")
        out.writeString(record.decision?.ruleName ?? "-")
        out.writeStaticString(" captures=")
        writeCaptures(record, into: &out)
        out.writeStaticString(" target=")
        if case .forward(let forward)? = record.decision?.outcome {
            out.writeString(forward.target.description)
        } else {
            out.writeStaticString("-")
        }
        out.writeStaticString(" endpoint=")
        out.writeString(record.endpoint?.description ?? "-")
        out.writeStaticString(" in=")
        out.writeString(String(record.bytesIn))
        out.writeStaticString(" time=")
        out.writeSeconds(record.end - record.start)
        out.writeStaticString(" connect=")
        writeSpan(from: record.start, to: record.connected, into: &out)
        out.writeStaticString(" answer=")
        writeSpan(from: record.start, to: record.answered, into: &out)
        out.writeStaticString(" id=")
        writeOrDash(record.requestID, into: &out)
        if record.retried { out.writeStaticString(" retried=1") }
        out.writeStaticString(" cause=")
        out.writeString(record.failure?.reason.rawValue ?? "-")
        out.writeStaticString("\n")
    }

    private static func writeQuoted(_ text: ByteBuffer?, into out: inout ByteBuffer) {
        out.writeStaticString(" \"")
        if let text { out.writeEscapedText(text) } else { out.writeStaticString("-") }
        out.writeStaticString("\"")
    }

    private static func writeOrDash(_ text: ByteBuffer, into out: inout ByteBuffer) {
        if text.readableBytes == 0 { out.writeStaticString("-") } else { out.writeEscapedText(text) }
    }

    private static func writeCaptures(_ record: ExchangeRecord, into out: inout ByteBuffer) {
        var first = true
        for (name, value) in record.captures {
            if !first { out.writeStaticString(",") }
            first = false
            out.writeString(name)
            out.writeStaticString(":")
            out.writeEscapedText(ByteBuffer(string: value))
        }
        if first { out.writeStaticString("-") }
    }

    private static func writeSpan(from start: NIODeadline, to end: NIODeadline?, into out: inout ByteBuffer) {
        if let end { out.writeSeconds(end - start) } else { out.writeStaticString("-") }
    }
}

/// A record as one JSON object. The keys are documented in docs/access-log.md and stay.
enum JSONRecord {
    static func write(
        _ record: ExchangeRecord,
        tier: String,
        at now: LogClock.Moment,
        into out: inout ByteBuffer
    ) {
        let fraction = String(now.milliseconds)
        out.writeString(
            "{\"time\":\"\(now.iso).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)Z\""
        )
        write("tier", Array(tier.utf8), &out)
        write("client", Array(record.client.description.utf8), &out)
        write("peer", Array(record.peer.description.utf8), &out)
        write("request_id", record.requestID, &out)
        write("method", record.method, &out)
        write("host", record.host, &out)
        write("uri", record.target, &out)
        write("protocol", Array(record.version.description.utf8), &out)
        out.writeString(
            ",\"status\":\(record.status),\"bytes_in\":\(record.bytesIn),\"bytes_out\":\(record.bytesOut)"
        )
        if let referer = record.referer { write("referer", referer, &out) }
        if let userAgent = record.userAgent { write("user_agent", userAgent, &out) }
        write("rule", record.decision?.ruleName.map { Array($0.utf8) }, &out)
        out.writeStaticString(",\"captures\":{")
        var first = true
        for (name, value) in record.captures {
            out.writeString(first ? "\"" : ",\"")
            first = false
            out.writeEscapedJSON(Array(name.utf8).span)
            out.writeStaticString("\":\"")
            out.writeEscapedJSON(Array(value.utf8).span)
            out.writeStaticString("\"")
        }
        out.writeStaticString("}")
        if case .forward(let forward)? = record.decision?.outcome {
            write("target", Array(forward.target.description.utf8), &out)
        } else {
            write("target", [UInt8]?.none, &out)
        }
        write("endpoint", record.endpoint.map { Array($0.description.utf8) }, &out)
        writeTime("duration", from: record.start, to: record.end, &out)
        writeTime("connect", from: record.start, to: record.connected, &out)
        writeTime("answer", from: record.start, to: record.answered, &out)
        out.writeString(",\"reused\":\(record.reused),\"retried\":\(record.retried)")
        write("cause", record.failure.map { Array($0.reason.rawValue.utf8) }, &out)
        write("side", record.failure.map { Array($0.side.rawValue.utf8) }, &out)
        out.writeStaticString("}\n")
    }

    private static func write(_ key: StaticString, _ value: ByteBuffer, _ out: inout ByteBuffer) {
        writeKey(key, &out)
        out.writeStaticString("\"")
        out.writeEscapedJSON(value.readableBytesUInt8Span)
        out.writeStaticString("\"")
    }

    private static func write(_ key: StaticString, _ value: [UInt8]?, _ out: inout ByteBuffer) {
        writeKey(key, &out)
        guard let value else {
            out.writeStaticString("null")
            return
        }
        out.writeStaticString("\"")
        out.writeEscapedJSON(value.span)
        out.writeStaticString("\"")
    }

    private static func writeTime(
        _ key: StaticString,
        from start: NIODeadline,
        to end: NIODeadline?,
        _ out: inout ByteBuffer
    ) {
        writeKey(key, &out)
        if let end { out.writeSeconds(end - start) } else { out.writeStaticString("null") }
    }

    private static func writeKey(_ key: StaticString, _ out: inout ByteBuffer) {
        out.writeStaticString(",\"")
        out.writeStaticString(key)
        out.writeStaticString("\":")
    }
}
