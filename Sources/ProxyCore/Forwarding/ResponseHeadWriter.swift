package import HTTP1
package import NIOCore

/// How an answer's body reaches the downstream.
package enum BodyCoding {
    /// As it came: by length, in chunks, or nothing at all.
    case asIs
    /// It ends by close upstream; a downstream of HTTP/1.1 gets chunks, so that its
    /// connection lives on and a broken answer can be told from a whole one.
    case intoChunks
    /// It comes in chunks; a downstream of HTTP/1.0 gets the bare bytes, ended by close.
    case outOfChunks

    package init(framing: BodyFraming, downstream: HTTPVersion) {
        switch (framing, downstream) {
        case (.chunked, .http10): self = .outOfChunks
        case (.untilClose, .http11): self = .intoChunks
        default: self = .asIs
        }
    }
}

/// Writes the answer's head that goes downstream.
///
/// `package`: what is written here is read again, and judged, by the fuzz checks.
package struct ResponseHeadWriter {
    package let coding: BodyCoding
    package let framing: BodyFraming
    /// The downstream connection lives on after this answer.
    package let keepAlive: Bool
    package let downstream: HTTPVersion
    /// `Date: …` and its line end, for an answer that has none (RFC 9110 §6.6.1).
    package let date: [UInt8]

    package init(
        coding: BodyCoding,
        framing: BodyFraming,
        keepAlive: Bool,
        downstream: HTTPVersion,
        date: [UInt8]
    ) {
        self.coding = coding
        self.framing = framing
        self.keepAlive = keepAlive
        self.downstream = downstream
        self.date = date
    }

    package func write(_ head: borrowing ResponseHead, from source: ByteBuffer, into out: inout ByteBuffer) {
        let bytes = source.readableBytesUInt8Span
        out.writeStaticString("HTTP/1.1 ")
        out.writeDecimal(UInt64(UInt(bitPattern: head.status)))
        out.writeInteger(UInt8(ascii: " "))
        out.writeBytes(bytes.extracting(head.reason.indices).bytes)
        out.writeStaticString("\r\n")

        let switching = head.isUpgrade
        var dated = false
        let keeps = { (field: Field) in
            guard !field.hopByHop || (switching && field.id == .upgrade) else { return false }
            dated = dated || field.id == .date
            return true
        }
        if head.hasLooseLines {
            for index in head.fields.indices where keeps(head.fields[index]) {
                let field = head.fields[index]
                out.writeBytes(bytes.extracting(field.name.indices).bytes)
                out.writeStaticString(": ")
                out.writeBytes(bytes.extracting(field.value.indices).bytes)
                out.writeStaticString("\r\n")
            }
        } else {
            head.fields.forEachRun(keeping: keeps) { lines in
                out.writeBytes(source.readableBytesUInt8Span.extracting(lines.indices).bytes)
            }
        }

        if head.status >= 200, !dated { out.writeBytes(date) }
        if head.status == 101 {
            out.writeStaticString("Connection: upgrade\r\n\r\n")
            return
        }
        guard head.status >= 200 else {
            out.writeStaticString("\r\n")
            return
        }
        switch (framing, coding) {
        case (.chunked, .asIs), (_, .intoChunks): out.writeStaticString("Transfer-Encoding: chunked\r\n")
        default: break
        }
        writeConnection(into: &out)
        out.writeStaticString("\r\n")
    }

    private func writeConnection(into out: inout ByteBuffer) {
        switch (keepAlive, downstream) {
        case (false, _): out.writeStaticString("Connection: close\r\n")
        case (true, .http10): out.writeStaticString("Connection: keep-alive\r\n")
        case (true, .http11): break
        }
    }
}
