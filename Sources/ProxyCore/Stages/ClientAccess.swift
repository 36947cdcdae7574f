import Bytes
import HTTP1
import NIOCore
import Routing

/// Whether a client may send a request, by its certificate: the stage `access`.
///
/// The rules decide twice: at the handshake about the server name, which settles the certificate that the client has to
/// show, and here about the host of the request. A connection serves only hosts for which a handshake demands the
/// same.
struct ClientAccess {
    let table: RouteTable
    let scratch: RouteScratch

    /// - Returns: the client, where the rule's CAs have issued its certificate; nil: nobody is known, or needs to be.
    func check(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        _ rule: Rule?
    ) throws(Failure) -> ClientIdentity? {
        let standard = connection.listener?.clientCertificates
        let policy = rule?.clientCertificates ?? standard
        if connection.trusted { return try checkProxy(head, source, connection, policy) }
        guard let security = connection.security else {
            guard policy?.isRequired == true else { return nil }
            throw Failure(
                .clientCertificateRequired,
                "a client certificate is required: use https",
                detail: Self.noTLS
            )
        }
        if policy != nil || table.hasClientCertificates || security.policy.requestsCertificate {
            try checkHost(head, source, security, standard)
        }
        security.hasServed = true
        guard let policy else { return nil }
        return try client(security.client, policy)
    }

    /// - Returns: the client, where the policy knows it; nil: it does not, and need not.
    private func client(_ client: ClientIdentity?, _ policy: ClientCertificates) throws(Failure)
        -> ClientIdentity?
    {
        let known = client.flatMap { $0.isFrom(policy) ? $0 : nil }
        if let known, known.hasName(of: policy) { return known }
        guard policy.isRequired else { return nil }
        throw Failure(.clientCertificateRequired, detail: known == nil ? nil : Self.otherName)
    }

    private func checkHost(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ security: ConnectionSecurity,
        _ standard: ClientCertificates?
    ) throws(Failure) {
        let raw = source.readableBytesUInt8Span.extracting(head.host.indices)
        let known = security.suits(raw, table)
        if known == true { return }
        let host = try RequestStages.host(head, source)
        if known == nil {
            let demanded = table.clientPolicy(of: host, standard: standard, scratch: scratch)
            if security.note(raw, table, demanded) { return }
        }
        // Another connection helps where this one was made for another host, or before a reload of the rules. A client
        // whose new connections do not fit either must not try for ever (RFC 9110 §15.5.20).
        let helps = security.hasServed || security.serverName?.bytes == host.bytes
        throw Failure(helps ? .misdirectedRequest : .serverNameMismatch)
    }

    /// A trusted proxy shows a certificate itself, or has verified its client's and says so. It sends the requests of all
    /// its clients over one connection, which it has made under the name of its target: their hosts are no matter of the
    /// handshake.
    private func checkProxy(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ policy: ClientCertificates?
    ) throws(Failure) -> ClientIdentity? {
        guard let policy else { return nil }
        if let client = connection.security?.client, client.isFrom(policy), client.hasName(of: policy) {
            return client
        }
        guard policy.isRequired else { return nil }
        guard Self.hasFingerprint(head, source) else {
            throw Failure(.clientCertificateRequired, detail: connection.security == nil ? Self.noTLS : nil)
        }
        // It states the subject alone.
        guard policy.names.isEmpty || Self.subject(head, source, isOneOf: policy.names) else {
            throw Failure(.clientCertificateRequired, detail: Self.otherName)
        }
        return nil
    }

    private static let noTLS = "no_tls"
    private static let otherName = "other_name"

    /// Whether one field, and no other of its name, has a fingerprint.
    private static func hasFingerprint(_ head: borrowing RequestHead, _ source: ByteBuffer) -> Bool {
        guard let range = only(ClientIdentity.fingerprintName, head, source) else { return false }
        let value = source.readableBytesUInt8Span.extracting(range)
        guard value.count == ClientIdentity.fingerprintDigits else { return false }
        for place in value.indices where ASCII.hexValue(value[place]) == nil { return false }
        return true
    }

    private static func subject(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        isOneOf names: [String]
    ) -> Bool {
        guard let range = only(ClientIdentity.subjectName, head, source), !range.isEmpty else { return false }
        let value = source.readableBytesView[
            source.readerIndex + range.lowerBound..<source.readerIndex + range.upperBound
        ]
        return names.contains { $0.utf8.elementsEqual(value) }
    }

    /// The value of the one field of that name; nil: there is none, or more than one.
    private static func only(_ name: [UInt8], _ head: borrowing RequestHead, _ source: ByteBuffer)
        -> Range<Int>?
    {
        let bytes = source.readableBytesUInt8Span
        var found: Range<Int>?
        for index in head.fields.indices {
            let field = head.fields[index]
            guard field.id == .other, !field.hopByHop,
                bytes.extracting(field.name.indices).equalsIgnoringCase(name.span)
            else { continue }
            guard found == nil else { return nil }
            found = field.value.indices
        }
        return found
    }
}
