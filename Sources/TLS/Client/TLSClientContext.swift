import COpenSSL
import Routing
import Synchronization

/// What the connections to targets with the same `upstream_tls` share: OpenSSL's settings, the authorities that are
/// trusted, and the certificate that servers are shown. Its files have been read; when they change, another context takes
/// its place.
///
/// `@unchecked Sendable`: never changed after `init`, but for an atomic flag; OpenSSL counts its references atomically.
package final class TLSClientContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// False: whoever responds is taken for the server.
    let verifies: Bool
    /// Those that the settings name; nil: the system's.
    package let authorities: TrustedAuthorities?
    /// What servers are shown that demand a certificate.
    package let certificate: Certificate?
    private let replaced = Atomic<Bool>(false)

    /// - Parameter authorities: nil: the system's.
    /// - Throws: `TLSFailure` where the library refuses a setting, or is out of memory.
    init(
        _ settings: UpstreamTLS,
        authorities: TrustedAuthorities?,
        certificate: Certificate?
    ) throws(TLSFailure) {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw .last(of: .endpoint) }
        self.pointer = pointer
        verifies = settings.verifies
        self.authorities = authorities
        self.certificate = certificate
        guard berth_ctx_set_versions(pointer, TLS1_2_VERSION, TLS1_3_VERSION) == 1,
            SSL_CTX_set_cipher_list(pointer, TLSPolicy.ciphers) == 1,
            SSL_CTX_set_ciphersuites(pointer, TLSPolicy.suites) == 1,
            berth_ctx_set_groups(pointer, TLSPolicy.newGroups) == 1
                || berth_ctx_set_groups(pointer, TLSPolicy.groups) == 1
        else { throw .last(of: .endpoint) }
        ERR_clear_error()
        berth_ctx_set_options(pointer)
        SSL_CTX_set_security_level(pointer, TLSContext.securityLevel)
        _ = berth_ctx_set_mode(
            pointer,
            // A connection that idles holds no buffers.
            Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        )
        berth_ctx_hand_over_sessions(pointer, PeerCheck.sessionMade)
        // Each connection says whether it verifies, and who the server has to be.
        SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        if settings.verifies { try trust(authorities) }
        if let certificate { try show(certificate) }
    }

    deinit { SSL_CTX_free(pointer) }

    private func trust(_ authorities: TrustedAuthorities?) throws(TLSFailure) {
        if let authorities {
            SSL_CTX_set1_cert_store(pointer, authorities.store)
        } else if SSL_CTX_set_default_verify_paths(pointer) != 1 {
            throw .last(of: .endpoint)
        }
    }

    private func show(_ certificate: Certificate) throws(TLSFailure) {
        guard let objects = certificate.objects(),
            SSL_CTX_use_cert_and_key(pointer, objects.certificate, objects.key, objects.chain, 1) == 1
        else { throw .last(of: .endpoint) }
    }

    /// The files have changed since: connections that were made with it serve no further request.
    package var isReplaced: Bool { replaced.load(ordering: .relaxed) }

    func replace() { replaced.store(true, ordering: .relaxed) }
}
