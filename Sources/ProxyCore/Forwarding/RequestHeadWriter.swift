package import HTTP1
package import NIOCore
import Routing

/// Writes the request head that goes upstream: the lines that stay are copied as
/// they came, in their order; the few that change are written anew.
///
/// Hop-by-hop fields go (RFC 9110 §7.6.1), framing is spelled canonically, and
/// what the downstream claims about its own path (`X-Forwarded-*`, `X-Real-IP`,
/// `Forwarded`) stays only where the downstream is trusted.
package struct RequestHeadWriter {
    package let forwarding: ForwardTarget
    package let edge: ConnectionInfo
    /// `Via: 1.1 …` and its line end (RFC 9110 §7.6.3).
    package let via: [UInt8]
    /// The request's id, kept or made.
    package let requestID: ByteBuffer

    package init(
        forwarding: ForwardTarget,
        edge: ConnectionInfo,
        via: [UInt8],
        requestID: ByteBuffer
    ) {
        self.forwarding = forwarding
        self.edge = edge
        self.via = via
        self.requestID = requestID
    }

    private var edits: Bool {
        !forwarding.forward.setHeaders.isEmpty || !forwarding.forward.removeHeaders.isEmpty
    }

    /// - Parameters:
    ///   - head: the parsed head, with its offsets into `source`'s readable bytes.
    ///   - out: the head is appended here.
    package func write(_ head: borrowing RequestHead, from source: ByteBuffer, into out: inout ByteBuffer) {
        let bytes = source.readableBytesUInt8Span
        writeRequestLine(head, bytes, into: &out)
        writeHost(head, bytes, into: &out)

        let edits = self.edits
        let trusted = edge.trusted
        var hasProto = false
        var hasHost = false
        var hasPort = false
        head.fields.forEachRun(keeping: { field in
            if field.hopByHop { return false }
            switch field.id {
            case .host, .contentLength, .xRequestID, .xForwardedFor, .lookalike:
                return false
            case .xRealIP, .forwarded, .xForwardedProto, .xForwardedHost, .xForwardedPort:
                guard trusted else { return false }
                hasProto = hasProto || field.id == .xForwardedProto
                hasHost = hasHost || field.id == .xForwardedHost
                hasPort = hasPort || field.id == .xForwardedPort
            default:
                break
            }
            return !edits || !isMistakable(source.readableBytesUInt8Span.extracting(field.name.indices))
        }) { lines in
            out.writeBytes(source.readableBytesUInt8Span.extracting(lines.indices).bytes)
        }

        if trusted || edits {
            writeForwardedFor(head, bytes, into: &out)
            if !hasProto { writeLine("X-Forwarded-Proto", "http", into: &out) }
            if !hasPort { writeLine("X-Forwarded-Port", String(edge.localPort), into: &out) }
        } else {
            out.writeBytes(edge.lines)
        }
        if !hasHost, !isEdited("x-forwarded-host") {
            out.writeStaticString("X-Forwarded-Host: ")
            out.writeBytes(bytes.extracting(head.host.indices).bytes)
            out.writeStaticString("\r\n")
        }
        if !isEdited("x-request-id") {
            out.writeStaticString("X-Request-ID: ")
            out.writeImmutableBuffer(requestID)
            out.writeStaticString("\r\n")
        }
        out.writeBytes(via)
        for set in forwarding.forward.setHeaders {
            out.writeBytes(set.name)
            out.writeStaticString(": ")
            out.writeBytes(set.value)
            out.writeStaticString("\r\n")
        }
        writeFraming(head, bytes, into: &out)
        out.writeStaticString("\r\n")
    }

    private func writeRequestLine(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout ByteBuffer
    ) {
        out.writeBytes(bytes.extracting(head.methodRange.indices).bytes)
        out.writeInteger(UInt8(ascii: " "))
        if let target = forwarding.forward.requestTarget {
            out.writeBytes(target)
        } else {
            RequestTarget.write(head, bytes, into: &out)
        }
        out.writeStaticString(" HTTP/1.1\r\n")
    }

    private func writeHost(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout ByteBuffer
    ) {
        out.writeStaticString("Host: ")
        if let host = forwarding.forward.hostHeader {
            out.writeBytes(host)
        } else {
            out.writeBytes(bytes.extracting(head.host.indices).bytes)
        }
        out.writeStaticString("\r\n")
    }

    /// The addresses the request came by: those a trusted downstream told of, then itself.
    private func writeForwardedFor(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout ByteBuffer
    ) {
        guard !isEdited("x-forwarded-for") else { return }
        out.writeStaticString("X-Forwarded-For: ")
        if edge.trusted {
            for index in head.fields.indices {
                let field = head.fields[index]
                guard field.id == .xForwardedFor, !field.value.isEmpty else { continue }
                out.writeBytes(bytes.extracting(field.value.indices).bytes)
                out.writeStaticString(", ")
            }
        }
        out.writeBytes(edge.peerText)
        out.writeStaticString("\r\n")
    }

    private func writeFraming(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout ByteBuffer
    ) {
        switch head.framing {
        case .chunked:
            out.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .length(let length):
            out.writeStaticString("Content-Length: ")
            out.writeDecimal(length)
            out.writeStaticString("\r\n")
        case .none, .untilClose:
            break
        }
        if head.wantsUpgrade {
            out.writeStaticString("Connection: upgrade\r\n")
            for index in head.fields.indices where head.fields[index].id == .upgrade {
                out.writeBytes(bytes.extracting(head.fields[index].line.indices).bytes)
            }
        }
    }

    private func writeLine(_ name: StaticString, _ value: String, into out: inout ByteBuffer) {
        guard !isEdited(lowercased(name)) else { return }
        out.writeStaticString(name)
        out.writeStaticString(": ")
        out.writeString(value)
        out.writeStaticString("\r\n")
    }

    private func lowercased(_ name: StaticString) -> String { name.description.lowercased() }

    private func isEdited(_ name: String) -> Bool {
        guard edits else { return false }
        return isEdited(Array(name.utf8).span)
    }

    /// Whether the rule sets or removes the field of this name.
    private func isEdited(_ name: Span<UInt8>) -> Bool {
        for set in forwarding.forward.setHeaders where caselessEqual(set.name.span, name) { return true }
        for removed in forwarding.forward.removeHeaders where caselessEqual(removed.span, name) {
            return true
        }
        return false
    }

    /// … or one that a reader behind might take for it.
    private func isMistakable(_ name: Span<UInt8>) -> Bool {
        for set in forwarding.forward.setHeaders where readsAlike(set.name.span, name) { return true }
        for removed in forwarding.forward.removeHeaders where readsAlike(removed.span, name) {
            return true
        }
        return false
    }
}

/// The target of a request as it is passed on: always in origin form, or `*`.
package enum RequestTarget {
    /// Writes the path and query as they came (RFC 9112 §3.2.1).
    package static func write(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, into out: inout ByteBuffer)
    {
        if head.form == .asterisk {
            out.writeInteger(UInt8(ascii: "*"))
            return
        }
        if head.needsSlash { out.writeInteger(UInt8(ascii: "/")) }
        out.writeBytes(bytes.extracting(head.originForm.indices).bytes)
    }
}

/// Whether two field names are the same, whatever their case.
package func caselessEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where lowercase(left[index]) != lowercase(right[index]) { return false }
    return true
}

/// Whether two field names are the same to a reader that knows no case and takes every mark for `-`, as CGI has it.
package func readsAlike(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where unmarked(left[index]) != unmarked(right[index]) { return false }
    return true
}

private func unmarked(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    default: UInt8(ascii: "-")
    }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

extension ByteBuffer {
    /// Writes a number in decimal digits, without a `String`.
    package mutating func writeDecimal(_ value: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = value
        var start = 20
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        writeBytes(digits.span.extracting(start..<20).bytes)
    }

    /// Writes a number in hexadecimal digits, as a chunk's size is spelled (RFC 9112 §7.1).
    package mutating func writeHexadecimal(_ value: UInt64) {
        var digits = InlineArray<16, UInt8>(repeating: 0)
        var rest = value
        var start = 16
        repeat {
            start -= 1
            let nibble = UInt8(truncatingIfNeeded: rest & 0xF)
            digits[start] = nibble < 10 ? UInt8(ascii: "0") &+ nibble : UInt8(ascii: "a") &+ (nibble &- 10)
            rest &>>= 4
        } while rest > 0
        writeBytes(digits.span.extracting(start..<16).bytes)
    }
}
