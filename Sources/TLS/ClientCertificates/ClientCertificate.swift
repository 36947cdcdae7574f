import Bytes
import COpenSSL
import PEM

/// The certificate of a client that has proved to have its key.
///
/// Used on one event loop alone.
package final class ClientCertificate {
    /// The maximum length of a subject, bytes: a header field has to carry it.
    package static let maxSubjectBytes = 2048

    /// The subject as RFC 2253 writes it: printable ASCII; may be empty.
    package let subject: [UInt8]
    /// SHA-256 of the certificate.
    package let fingerprint: [UInt8]
    /// Seconds since 1970.
    package let notAfter: Int
    private let certificate: X509Certificate
    /// `STACK_OF(X509) *`: what the client sent besides; nil: nothing.
    private let chain: OpaquePointer?

    /// - Parameter ssl: an established connection.
    /// - Returns: nil: the client has sent no certificate that was verified, or one whose subject is too long.
    init?(_ ssl: OpaquePointer) {
        defer { ERR_clear_error() }
        guard SSL_get_verify_result(ssl) == Int(X509_V_OK), let pointer = SSL_get1_peer_certificate(ssl)
        else {
            return nil
        }
        let certificate = X509Certificate(owning: pointer)
        let fingerprint = certificate.fingerprint
        guard let subject = certificate.subject(limit: Self.maxSubjectBytes), !fingerprint.isEmpty,
            let notAfter = certificate.notAfter
        else { return nil }
        self.certificate = certificate
        self.subject = subject
        self.fingerprint = fingerprint
        self.notAfter = notAfter
        chain = SSL_get_peer_cert_chain(ssl).flatMap(X509_chain_up_ref)
    }

    deinit {
        if let chain { OPENSSL_sk_pop_free(chain) { X509_free(OpaquePointer($0)) } }
    }

    /// The most names that are compared with those of rules.
    private static let maxNames = 200

    /// Of its subjectAltName. Read when they are first needed.
    private lazy var identities = certificate.identities(limit: Self.maxNames)

    /// Whether a name of its subjectAltName is this one: a DNS name in any case, or with `*.` in place of its first label; an
    /// address of email; a URI. Or it is the whole subject.
    package func has(_ name: String) -> Bool {
        let wanted = name.utf8
        if !subject.isEmpty, wanted.elementsEqual(subject) { return true }
        return identities.contains { identity in
            switch identity {
            case .email(let bytes), .uri(let bytes): return wanted.elementsEqual(bytes)
            case .host(let bytes): return Self.covers(wanted, bytes)
            }
        }
    }

    /// - Parameter host: in lower case.
    private static func covers(_ wanted: String.UTF8View, _ host: [UInt8]) -> Bool {
        guard wanted.starts(with: "*.".utf8) else {
            return wanted.lazy.map(ASCII.lowercased).elementsEqual(host)
        }
        // A name with a wildcard of its own is as many, and no one's.
        guard let dot = host.firstIndex(of: UInt8(ascii: ".")), dot > 0, host.first != UInt8(ascii: "*")
        else {
            return false
        }
        return wanted.dropFirst(1).lazy.map(ASCII.lowercased).elementsEqual(host[dot...])
    }

    /// Whether the CAs have issued it, and it is valid now. Takes as long as the signatures do: about 0.1 ms each.
    package func isFrom(_ authorities: TrustedAuthorities) -> Bool {
        defer { ERR_clear_error() }
        let pointer = certificate.retained()
        defer { X509_free(pointer) }
        let level = TLSContext.securityLevel
        return berth_verify_client(authorities.store, pointer, chain, level) == 1
    }
}
