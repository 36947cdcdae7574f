import Bytes
package import HTTP1
package import NIOCore

/// Writes the HTTP/1.1 response head that goes downstream.
package struct HTTP1ResponseHeadWriter {
    private let coding: BodyCoding
    private let framing: BodyFraming
    private let keepAlive: Bool
    private let downstream: HTTPVersion
    private let date: [UInt8]
    private let kept: KeptFields
    private let listener: ListenerFacts?

    /// - Parameters:
    ///   - framing: of the response as received.
    ///   - keepAlive: the downstream connection stays open after this response.
    ///   - date: the line `Date: …` with its line end, for a response that has none (RFC 9110 §6.6.1).
    ///   - kept: claimed fields that pass.
    ///   - listener: of the connection; nil: it adds nothing.
    package init(
        coding: BodyCoding,
        framing: BodyFraming,
        keepAlive: Bool,
        downstream: HTTPVersion,
        date: [UInt8],
        kept: KeptFields = KeptFields(),
        listener: ListenerFacts? = nil
    ) {
        self.coding = coding
        self.framing = framing
        self.keepAlive = keepAlive
        self.downstream = downstream
        self.date = date
        self.kept = kept
        self.listener = listener
    }

    /// - Parameters:
    ///   - head: the parsed head, with its offsets into `source`'s readable bytes.
    ///   - changes: of the rule; nil: none.
    ///   - out: the head is appended here.
    package func write(
        _ head: borrowing ResponseHead,
        from source: ByteBuffer,
        changes: ResponseChanges? = nil,
        into out: inout HeadText
    ) {
        let bytes = source.readableBytesUInt8Span
        out.append("HTTP/1.1 ")
        out.appendDecimal(UInt64(UInt(bitPattern: head.status)))
        out.append(" ")
        out.append(bytes.extracting(head.reason.indices))
        out.append("\r\n")

        var edits = ResponseHeadEdits(head, bytes, kept: kept, changes: changes)
        if head.hasLooseLines {
            for index in head.fields.indices where edits.passes(head.fields[index], bytes) {
                let field = head.fields[index]
                out.append(bytes.extracting(field.name.indices))
                out.append(": ")
                out.append(bytes.extracting(field.value.indices))
                out.append("\r\n")
            }
        } else {
            head.fields.forEachRun(keeping: { edits.passes($0, source.readableBytesUInt8Span) }) { lines in
                out.append(source.readableBytesUInt8Span.extracting(lines.indices))
            }
        }
        if edits.addsDate { out.append(date) }
        if let changes { write(changes.fields, into: &out) }
        if let listener { write(listener, head, bytes, changes, into: &out) }
        if head.status == 101 {
            out.append("Connection: upgrade\r\n")
        } else if head.status >= 200 {
            writeFraming(into: &out)
            writeConnection(namesUpgrade: edits.passesUpgrade, into: &out)
        }
        out.append("\r\n")
    }

    private func write(_ fields: [(name: [UInt8], value: [UInt8])], into out: inout HeadText) {
        for field in fields {
            out.append(field.name)
            out.append(": ")
            out.append(field.value)
            out.append("\r\n")
        }
    }

    /// `Strict-Transport-Security`, unless the container or the rule says otherwise.
    private func write(
        _ listener: ListenerFacts,
        _ head: borrowing ResponseHead,
        _ bytes: Span<UInt8>,
        _ changes: ResponseChanges?,
        into out: inout HeadText
    ) {
        guard head.status >= 200, let field = listener.strictTransportField else { return }
        for index in head.fields.indices where head.fields[index].id == .other {
            let name = bytes.extracting(head.fields[index].name.indices)
            if name.equalsIgnoringCase(field.name.span) { return }
        }
        if let changes {
            if changes.removes(field.name.span) { return }
            for changed in changes.fields where changed.name.span.equalsIgnoringCase(field.name.span) {
                return
            }
        }
        write([field], into: &out)
    }

    /// `Content-Length` passes on as received.
    private func writeFraming(into out: inout HeadText) {
        switch (framing, coding) {
        case (.chunked, .passthrough), (_, .chunk): out.append("Transfer-Encoding: chunked\r\n")
        default: break
        }
    }

    private func writeConnection(namesUpgrade: Bool, into out: inout HeadText) {
        if namesUpgrade { out.append("Connection: upgrade\r\n") }
        switch (keepAlive, downstream) {
        case (false, _): out.append("Connection: close\r\n")
        case (true, .http10): out.append("Connection: keep-alive\r\n")
        case (true, .http11), (true, .http2): break
        }
    }
}
