import Bytes
import COpenSSL
import Glibc
import PEM
import Routing
import ServerNames

/// Who a client's server has to be, and what became of the check of its certificate.
///
/// OpenSSL checks the chain. Names are compared here: hosts of containers have underscores, which OpenSSL finds in no
/// wildcard; a wildcard stands for exactly one whole label, and a name in the subject counts for nothing (RFC 9525 §6).
final class PeerCheck {
    /// The name or the address that the certificate has to have; nil: the text is neither, and no certificate fits.
    let name: ServerName?
    /// As it was given.
    let text: String
    private let context: TLSClientContext
    /// Receives sessions that may be resumed.
    var keep: ((TLSSession) -> Void)?
    /// What is wrong with the certificate; nil: nothing, as far as it has been looked at.
    private(set) var failure: TLSFailure?

    init(_ text: String, _ context: TLSClientContext) {
        self.text = text
        self.context = context
        name = ServerName(text)
    }

    // MARK: OpenSSL's callbacks

    /// See SSL_CTX_set_verify(3).
    static let callback: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isSound, store in
        guard let store,
            let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let check = PeerCheck.of(OpaquePointer(ssl))
        else { return 0 }
        return check.look(at: store, isSound: isSound == 1) ? 1 : 0
    }

    /// See SSL_CTX_sess_set_new_cb(3).
    static let sessionMade: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let ssl, let session, let check = PeerCheck.of(ssl), let keep = check.keep else { return 0 }
        // From here on the reference is ours.
        keep(TLSSession(session, check.context, check))
        return 1
    }

    private static func of(_ ssl: OpaquePointer) -> PeerCheck? {
        SSL_get_ex_data(ssl, 0).map { Unmanaged<PeerCheck>.fromOpaque($0).takeUnretainedValue() }
    }

    /// - Parameter isSound: what OpenSSL has found; called for each certificate of the chain, the server's own last.
    private func look(at store: OpaquePointer, isSound: Bool) -> Bool {
        let depth = X509_STORE_CTX_get_error_depth(store)
        let certificate = X509_STORE_CTX_get_current_cert(store).map { pointer in
            X509_up_ref(pointer)
            return X509Certificate(owning: pointer)
        }
        guard isSound else {
            failure = failure ?? chainFailure(X509_STORE_CTX_get_error(store), depth, certificate)
            return false
        }
        guard depth == 0 else { return true }
        let names = certificate?.alternativeNames ?? []
        if let name, names.contains(where: { $0.covers(name) }) { return true }
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH)
        failure = TLSFailure("name_mismatch", mismatch(names), .certificate)
        return false
    }

    // MARK: In words

    /// How many names of a certificate are shown.
    private static let maxNames = 8

    private func mismatch(_ names: [CertificateName]) -> String {
        let wanted = Printable.text(text)
        guard !names.isEmpty else {
            return "the certificate has no name in its subjectAltName; wanted: \(wanted)"
        }
        let shown = names.prefix(Self.maxNames).map(\.description).joined(separator: ", ")
        let more = names.count > Self.maxNames ? " and \(names.count - Self.maxNames) more" : ""
        return "the certificate is for \(Printable.text(shown))\(more); wanted: \(wanted)"
    }

    private func chainFailure(_ code: Int32, _ depth: Int32, _ certificate: X509Certificate?) -> TLSFailure {
        let issuer = Printable.text(certificate?.issuer ?? "")
        let whose = depth == 0 ? "the certificate" : "the issuer's certificate, by \(issuer),"
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            let end = certificate?.notAfter.map { " on \(CertificateTime.text($0))" } ?? ""
            return TLSFailure("certificate_expired", "\(whose) expired\(end)", .certificate)
        case X509_V_ERR_CERT_NOT_YET_VALID:
            let start = certificate?.notBefore.map { " before \(CertificateTime.text($0))" } ?? " yet"
            return TLSFailure(
                "certificate_not_yet_valid",
                "\(whose) is not valid\(start); is the clock of this machine right?",
                .certificate
            )
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return TLSFailure(
                "self_signed",
                "the certificate is signed by its own key, and is not among the trusted ones: \(issuer)",
                .certificate
            )
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_CERT_UNTRUSTED:
            return TLSFailure(
                "unknown_issuer",
                "no trusted authority has issued the certificate: its chain ends with one by \(issuer)",
                .certificate
            )
        case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_CA:
            return TLSFailure(
                "wrong_purpose",
                "\(whose) is not one of a \(depth == 0 ? "server" : "certificate authority")",
                .certificate
            )
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
            return TLSFailure(
                "weak_certificate",
                "\(whose) has a key or a digest that is too weak",
                .certificate
            )
        default:
            let text = X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "error \(code)"
            return TLSFailure("bad_certificate", "\(whose) is not accepted: \(text)", .certificate)
        }
    }

    /// When a certificate expires, seconds since 1970; long ago where that cannot be read.
    static func end(of certificate: OpaquePointer) -> Int {
        X509_up_ref(certificate)
        return X509Certificate(owning: certificate).notAfter ?? 0
    }
}
