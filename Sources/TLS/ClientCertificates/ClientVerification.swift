import Bytes
import COpenSSL
import PEM
package import Routing

/// What one handshake demands of the client: a certificate of certain CAs.
package final class ClientVerification {
    package let policy: HostClientPolicy
    /// Those that have issued the certificate, or one of them.
    package let authorities: [TrustedAuthorities]

    package init(_ policy: HostClientPolicy, _ authorities: [TrustedAuthorities]) {
        self.policy = policy
        self.authorities = authorities
    }

    /// The maximum number of CAs that must sign one another up to one of ours.
    private static let maxDepth: Int32 = 8

    /// What a client may send as its certificate with those above it, bytes: a connection keeps it.
    private static let maxChainBytes = 32 << 10

    /// Makes a connection demand the certificate.
    ///
    /// - Returns: false: out of memory; the handshake must not begin.
    func apply(to ssl: OpaquePointer) -> Bool {
        guard let first = authorities.first, let names = OPENSSL_sk_new_null() else { return false }
        // Released with the connection.
        SSL_set0_CA_list(ssl, names)
        for authority in authorities.flatMap(\.authorities) {
            guard let name = X509_NAME_dup(authority.certificate.subjectName) else { return false }
            guard OPENSSL_sk_push(names, UnsafeRawPointer(name)) > 0 else {
                X509_NAME_free(name)
                return false
            }
        }
        let isStored: Bool
        if authorities.count == 1 {
            isStored = berth_set_verify_store(ssl, first.store) == 1
        } else if let all = TrustedAuthorities.makeStore(authorities.flatMap(\.authorities)) {
            isStored = berth_set_verify_store(ssl, all) == 1
            X509_STORE_free(all)
        } else {
            isStored = false
        }
        // Its certificate would have to be verified again at each resumption, as it may have expired.
        guard isStored, berth_disable_sessions(ssl) == 1 else { return false }
        SSL_set_verify_depth(ssl, Self.maxDepth)
        SSL_ctrl(ssl, SSL_CTRL_SET_MAX_CERT_LIST, Self.maxChainBytes, nil)
        let fails = policy.isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        SSL_set_verify(ssl, SSL_VERIFY_PEER | fails, nil)
        return true
    }

    /// What sessions of these CAs are told from others by.
    var scope: [UInt8] {
        var bytes: [UInt8] = [policy.isRequired ? 1 : 0]
        for group in authorities {
            bytes += group.path.utf8
            bytes.append(0)
            for authority in group.authorities { bytes += authority.fingerprint }
        }
        return bytes
    }

    // MARK: Failures

    /// Why a handshake has failed, in the terms of the client's certificate.
    ///
    /// - Parameter failure: what OpenSSL reports.
    static func explain(_ failure: TLSFailure, _ ssl: OpaquePointer) -> TLSFailure {
        if failure.word == TLSFailure.noClientCertificate {
            return TLSFailure(
                failure.word,
                "the client has sent no certificate, and one is required",
                .certificate
            )
        }
        let result = Int32(truncatingIfNeeded: SSL_get_verify_result(ssl))
        guard result != X509_V_OK else { return failure }
        let text = X509_verify_cert_error_string(Int(result)).map { String(cString: $0) } ?? "error \(result)"
        return TLSFailure(
            words[result] ?? "bad_client_certificate",
            "the client's certificate: \(Printable.text(text))",
            .certificate
        )
    }

    private static let words: [Int32: String] = [
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT: "unknown_client_ca",
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown_client_ca",
        X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown_client_ca",
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "unknown_client_ca",
        X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: "unknown_client_ca",
        X509_V_ERR_CERT_UNTRUSTED: "unknown_client_ca",
        X509_V_ERR_CERT_HAS_EXPIRED: "client_certificate_expired",
        X509_V_ERR_CERT_NOT_YET_VALID: "client_certificate_expired",
        X509_V_ERR_INVALID_PURPOSE: "client_certificate_purpose",
    ]
}
