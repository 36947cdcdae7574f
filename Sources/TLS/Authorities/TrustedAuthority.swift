import PEM

/// An authority (CA) whose certificates are trusted.
///
/// `@unchecked Sendable`: never changed; OpenSSL counts references atomically.
package final class TrustedAuthority: @unchecked Sendable {
    let certificate: X509Certificate
    /// `CN=Berth tiers`
    package let name: String
    /// Seconds since 1970.
    package let notBefore: Int
    /// Seconds since 1970; it is valid until the end of this second.
    package let notAfter: Int
    /// `RSA 2048`, `EC 256`, `ED25519`
    package let keyKind: String
    /// SHA-256.
    package let fingerprint: [UInt8]

    /// Nil: the certificate has no valid time of beginning and end.
    init?(_ certificate: X509Certificate) {
        guard let start = certificate.notBefore, let end = certificate.notAfter, start <= end else {
            return nil
        }
        self.certificate = certificate
        name = certificate.subject
        notBefore = start
        notAfter = end
        keyKind = certificate.keyKind
        fingerprint = certificate.fingerprint
    }

    /// - Parameter now: seconds since 1970.
    func isValid(at now: Int) -> Bool { notBefore <= now && now <= notAfter }
}
