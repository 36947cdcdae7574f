import NIOConcurrencyHelpers
import PEM
package import ServerNames
package import Settings

/// A certificate with its chain and key, as they were read from their files and checked.
///
/// What was read is kept in its compact form, about 3 KiB with an RSA key. OpenSSL's objects are made of it when a
/// handshake first needs them, and kept until the certificate is replaced. For any thread.
package final class Certificate: Sendable {
    /// The names that it covers; never empty in a server's.
    package let names: [CertificateName]
    /// Seconds since 1970.
    package let notBefore: Int
    /// Seconds since 1970; the certificate is valid until the end of this second.
    package let notAfter: Int
    /// SHA-256 of the server's own certificate.
    package let fingerprint: [UInt8]
    /// Where it was read.
    package let files: CertificateSettings.Pair
    /// `RSA 2048`, `EC 256`, `ED25519`
    package let keyKind: String
    /// The server's own first, then its issuers, DER. Certificates share the bytes of equal issuers.
    let chain: [[UInt8]]
    private let key: SecretBytes
    private let made = NIOLockedValueBox<CertificateObjects?>(nil)

    init(
        names: [CertificateName],
        notBefore: Int,
        notAfter: Int,
        fingerprint: [UInt8],
        files: CertificateSettings.Pair,
        keyKind: String,
        chain: [[UInt8]],
        key: SecretBytes
    ) {
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.fingerprint = fingerprint
        self.files = files
        self.keyKind = keyKind
        self.chain = chain
        self.key = key
    }

    /// What OpenSSL needs for a handshake. The first call takes about 0.2 ms, and threads that call meanwhile wait for
    /// it; it reads no file.
    ///
    /// - Returns: nil: out of memory.
    package func objects() -> CertificateObjects? {
        made.withLockedValue { made in
            if made == nil { made = CertificateObjects(certificates: chain, key: key) }
            return made
        }
    }

    /// Its owner in one line: `CN=front`. Reads the certificate again.
    package var subject: String { chain.first.flatMap(X509Certificate.init(der:))?.subject ?? "" }

    /// Whether OpenSSL's objects have been made.
    package var isInUse: Bool { made.withLockedValue { $0 != nil } }

    /// How many certificates are sent: the server's own and its issuers.
    package var chainLength: Int { chain.count }

    /// The issuer in one line: `CN=R11,O=Let's Encrypt,C=US`. Reads the certificate again.
    package var issuer: String { chain.first.flatMap(X509Certificate.init(der:))?.issuer ?? "" }

    package func isValid(at now: Int) -> Bool { notBefore <= now && now <= notAfter }
}
