import COpenSSL

/// Why a handshake, or an established connection, came to nothing.
package struct TLSFailure: Error, Hashable, Sendable {
    /// A stable word for logs: `no_shared_cipher`.
    package var word: String
    /// In words, with what the peer sent where it sent something. Printable ASCII.
    package var detail: String
    package var kind: Kind

    package enum Kind: Sendable {
        /// What arrived is not what the protocol demands, or no agreement was found.
        case handshake
        /// The peer's certificate is not accepted.
        case certificate
        /// The peer has ended the connection by an alert.
        case alert
    }

    /// Who is at the other end.
    enum Peer: String {
        case client, endpoint
    }

    package init(_ word: String, _ detail: String, _ kind: Kind = .handshake) {
        self.word = word
        self.detail = detail
        self.kind = kind
    }

    /// The client's first message cannot be used.
    package init(_ failure: ClientHelloFailure) {
        self.init(failure.word, failure.description)
    }

    /// The client has gone.
    package static func cutOff(after bytes: Int) -> TLSFailure {
        bytes == 0
            ? TLSFailure("no_hello", "the client sent nothing and closed the connection")
            : TLSFailure("cut_off", "the client closed the connection during the handshake")
    }

    /// The endpoint has gone during the handshake.
    ///
    /// - Parameter bytes: that it had sent.
    static func endpointCutOff(after bytes: Int) -> TLSFailure {
        bytes == 0
            ? TLSFailure("cut_off", "the endpoint closed the connection without a response to the handshake")
            : TLSFailure("cut_off", "the endpoint closed the connection during the handshake")
    }

    /// What OpenSSL reports of the last call of this thread. Empties its queue.
    static func last(of peer: Peer = .client) -> TLSFailure {
        // The first error is the cause of those after it.
        let error = ERR_peek_error()
        defer { ERR_clear_error() }
        guard error != 0, !(berth_error_is_system(error) != 0) else {
            return TLSFailure("tls_error", "the TLS library reports no reason")
        }
        let reason = ERR_GET_REASON(error)
        let text = ERR_reason_error_string(error).map { String(cString: $0) } ?? "error \(reason)"
        if reason > alertOffset, reason < alertOffset + 256 {
            let name = alert(text)
            let word = peer == .client ? "client_alert" : "alert_" + name.replacing(" ", with: "_")
            return TLSFailure(
                word,
                "the \(peer) sent the alert \(reason - alertOffset): \(name)",
                .alert
            )
        }
        return TLSFailure(words[reason] ?? "tls_error", text)
    }

    /// Reasons from here on are alerts that were received.
    private static let alertOffset = Int32(SSL_AD_REASON_OFFSET)

    /// `tlsv1 alert unknown ca` without its beginning.
    private static func alert(_ text: String) -> String {
        let parts = text.split(separator: " ")
        guard let index = parts.firstIndex(of: "alert"), index + 1 < parts.count else { return text }
        return parts[(index + 1)...].joined(separator: " ")
    }

    private static let words: [Int32: String] = [
        SSL_R_UNSUPPORTED_PROTOCOL: "old_version",
        SSL_R_VERSION_TOO_LOW: "old_version",
        SSL_R_NO_SHARED_CIPHER: "no_shared_cipher",
        SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: "no_shared_signature",
        SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: "no_shared_signature",
        SSL_R_NO_SUITABLE_KEY_SHARE: "no_shared_group",
        SSL_R_NO_SHARED_GROUPS: "no_shared_group",
        SSL_R_NO_APPLICATION_PROTOCOL: "no_application_protocol",
        SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: "bad_record",
        SSL_R_WRONG_VERSION_NUMBER: "bad_record",
        SSL_R_UNEXPECTED_MESSAGE: "unexpected_message",
        SSL_R_BAD_RECORD_TYPE: "bad_record",
        SSL_R_HTTP_REQUEST: "plain_http",
        SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: noClientCertificate,
    ]

    static let noClientCertificate = "no_client_certificate"
}
