import Bytes
package import HTTP1
package import NIOCore
import Routing

/// Writes the HTTP/1.1 request head that goes upstream: the lines that pass on are copied as received, in their
/// order; the few that change are written anew, and framing is spelled canonically.
package struct HTTP1RequestHeadWriter {
    private let connection: ConnectionInfo
    private let via: [UInt8]
    private let requestID: ByteBuffer
    private let kept: KeptFields
    private let client: ClientIdentity?
    private let trace: TraceContext?

    /// - Parameters:
    ///   - connection: the connection that the request came over.
    ///   - via: the line `Via: 1.1 …` with its line end (RFC 9110 §7.6.3).
    ///   - requestID: the request's id, kept or generated.
    ///   - kept: claimed fields that pass from any peer.
    ///   - client: the client whose certificate the rule has accepted; nil: there is none.
    ///   - trace: whose `traceparent` is sent; nil: that of the request passes on.
    package init(
        connection: ConnectionInfo,
        via: [UInt8],
        requestID: ByteBuffer,
        kept: KeptFields = KeptFields(),
        client: ClientIdentity? = nil,
        trace: TraceContext? = nil
    ) {
        self.trace = trace
        self.connection = connection
        self.via = via
        self.requestID = requestID
        self.kept = kept
        self.client = client
    }

    /// - Parameters:
    ///   - head: the parsed head, with its offsets into `source`'s readable bytes.
    ///   - out: the head is appended here.
    package func write(
        _ head: borrowing RequestHead,
        from source: ByteBuffer,
        edits: RequestHeadEdits,
        into out: inout HeadText
    ) {
        let bytes = source.readableBytesUInt8Span
        writeRequestLine(head, bytes, edits.target, into: &out)
        writeHost(head, bytes, edits.host, into: &out)

        var added = edits.added
        head.fields.forEachRun(keeping: { field in
            if let trace, field.id == .other,
                !trace.passes(source.readableBytesUInt8Span.extracting(field.name.indices))
            {
                return false
            }
            return edits.passes(field, in: source, trusted: connection.trusted, kept: kept, added: &added)
        }) { lines in
            out.append(source.readableBytesUInt8Span.extracting(lines.indices))
        }
        writeAdded(added, head, bytes, into: &out)
        out.append(via)
        for field in edits.setFields where !field.value.isEmpty {
            out.append(field.name)
            out.append(": ")
            out.append(field.value)
            out.append("\r\n")
        }
        if let maxForwards = head.maxForwards, !edits.changes("max-forwards") {
            out.append("Max-Forwards: ")
            out.appendDecimal(maxForwards > 0 ? maxForwards - 1 : 0)
            out.append("\r\n")
        }
        writeFraming(head, bytes, into: &out)
        // The last line: see `TraceContext.offset`.
        if let trace, !edits.changes("traceparent") { trace.append(to: &out) }
        out.append("\r\n")
    }

    private func writeRequestLine(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        _ target: [UInt8]?,
        into out: inout HeadText
    ) {
        out.append(bytes.extracting(head.methodRange.indices))
        out.append(" ")
        if let target {
            out.append(target)
        } else {
            Self.writeTarget(of: head, bytes, into: &out)
        }
        out.append(" HTTP/1.1\r\n")
    }

    /// The request's path and query as received, in origin form, or `*` (RFC 9112 §3.2.1, §3.2.4).
    private static func writeTarget(
        of head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout HeadText
    ) {
        if head.form == .asterisk { return out.append("*") }
        if head.needsSlash { out.append("/") }
        out.append(bytes.extracting(head.originForm.indices))
    }

    private func writeHost(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        _ host: [UInt8]?,
        into out: inout HeadText
    ) {
        out.append("Host: ")
        if let host {
            out.append(host)
        } else {
            out.append(bytes.extracting(head.host.indices))
        }
        out.append("\r\n")
    }

    private func writeAdded(
        _ added: AddedFields,
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout HeadText
    ) {
        if !connection.trusted, added.contains(.ofConnection) {
            out.append(connection.forwardedLines)
        } else {
            writeConnectionFields(added, head, bytes, into: &out)
        }
        if added.contains(.forwardedPort) {
            out.append("X-Forwarded-Port: ")
            out.appendDecimal(Self.port(of: bytes.extracting(head.host.indices), connection))
            out.append("\r\n")
        }
        if added.contains(.forwarded) {
            out.append("Forwarded: for=")
            out.append(connection.forwardedNode)
            out.append("\r\n")
        }
        if added.contains(.forwardedHost) {
            out.append("X-Forwarded-Host: ")
            out.append(bytes.extracting(head.host.indices))
            out.append("\r\n")
        }
        if added.contains(.requestID) {
            out.append("X-Request-ID: ")
            out.append(requestID.readableBytesUInt8Span)
            out.append("\r\n")
        }
        // A trusted proxy states its client's certificate itself: its own is not its client's.
        if let client, !connection.trusted { Self.writeIdentity(client, added, into: &out) }
    }

    private static func writeIdentity(
        _ client: ClientIdentity,
        _ added: AddedFields,
        into out: inout HeadText
    ) {
        for (field, name, value) in [
            (AddedFields.clientSubject, ClientIdentity.subjectName, client.subject),
            (AddedFields.clientFingerprint, ClientIdentity.fingerprintName, client.fingerprint),
        ] where added.contains(field) {
            out.append(name)
            out.append(": ")
            out.append(value)
            out.append("\r\n")
        }
    }

    private func writeConnectionFields(
        _ added: AddedFields,
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout HeadText
    ) {
        if added.contains(.forwardedFor) {
            out.append("X-Forwarded-For: ")
            if connection.trusted { writeEarlierAddresses(head, bytes, into: &out) }
            out.append(connection.peerText)
            out.append("\r\n")
        }
        if added.contains(.forwardedProto) {
            out.append("X-Forwarded-Proto: ")
            out.append(string: ClientScheme.of(head, bytes, from: connection).rawValue)
            out.append("\r\n")
        }
    }

    /// The port that the client connected to, as far as it says so: that of `Host`, else the scheme's default. The
    /// listener's own port may be another, after a port mapping for example.
    private static func port(of authority: Span<UInt8>, _ connection: ConnectionInfo) -> UInt64 {
        var start = authority.count
        while start > 0, ASCII.isDigit(authority[start - 1]) { start -= 1 }
        var port: UInt64 = 0
        if start > 0, authority[start - 1] == ASCII.colon {
            // At most five digits: the head was checked.
            for index in start..<authority.count {
                port = port &* 10 &+ UInt64(authority[index] &- ASCII.zero)
            }
        }
        if port > 0 { return port }
        switch connection.scheme {
        case .http: return 80
        case .https: return 443
        }
    }

    /// The addresses that a trusted proxy listed, each followed by a comma. The next tier must not take this proxy for
    /// the client where they are in `Forwarded`, or missing.
    private func writeEarlierAddresses(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout HeadText
    ) {
        var isPresent = false
        for index in head.fields.indices {
            let field = head.fields[index]
            guard field.id == .xForwardedFor else { continue }
            isPresent = true
            if field.value.isEmpty {
                out.append("unknown")
            } else {
                out.append(bytes.extracting(field.value.indices))
            }
            out.append(", ")
        }
        if isPresent { return }
        for element in ForwardedElement.all(head, bytes) {
            let address = element.node.flatMap { ForwardedNode.address($0.span) }
            out.append(string: address?.description ?? "unknown")
            out.append(", ")
        }
    }

    private func writeFraming(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into out: inout HeadText
    ) {
        switch head.framing {
        case .chunked:
            out.append("Transfer-Encoding: chunked\r\n")
        case .length(let length):
            out.append("Content-Length: ")
            out.appendDecimal(length)
            out.append("\r\n")
        case .none, .untilClose:
            break
        }
        if head.expectsContinue, !head.fields.contains(where: { $0.id == .expect && !$0.hopByHop }) {
            out.append("Expect: 100-continue\r\n")
        }
        if head.wantsUpgrade {
            out.append("Connection: upgrade\r\n")
            for index in head.fields.indices where head.fields[index].id == .upgrade {
                out.append(bytes.extracting(head.fields[index].line.indices))
            }
        }
    }
}
