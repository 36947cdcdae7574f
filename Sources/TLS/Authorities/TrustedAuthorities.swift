import COpenSSL
import PEM

/// The authorities (CAs) of one file, by which peers are verified: as it was read, never changed afterwards.
///
/// `@unchecked Sendable`: OpenSSL counts the references of the store atomically, and locks it where it searches it.
package final class TrustedAuthorities: @unchecked Sendable {
    /// Whose certificates they issue.
    enum Peers: String {
        /// Who connects to a listener.
        case clients
        /// Who a tier connects to.
        case endpoints
    }

    package let path: String
    /// Never empty, and without repetitions.
    package let authorities: [TrustedAuthority]
    /// `X509_STORE *`
    let store: OpaquePointer

    private init(_ path: String, _ authorities: [TrustedAuthority]) throws(CertificateProblem) {
        self.path = path
        self.authorities = authorities
        guard let store = Self.makeStore(authorities) else {
            throw CertificateProblem(path: path, "cannot be read: out of memory")
        }
        self.store = store
    }

    deinit { X509_STORE_free(store) }

    /// - Returns: `X509_STORE *`; nil: out of memory.
    static func makeStore(_ authorities: [TrustedAuthority]) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let store = X509_STORE_new() else { return nil }
        // Each of them is trusted as it is, also one that another CA has signed.
        let isComplete =
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN)) == 1
            && authorities.allSatisfy { X509_STORE_add_cert(store, $0.certificate.pointer) == 1 }
        if isComplete { return store }
        X509_STORE_free(store)
        return nil
    }

    // MARK: Reading

    /// Reads and checks a file. Blocks. Some of the authorities may have expired, not all.
    ///
    /// - Parameter now: seconds since 1970.
    static func read(
        _ path: String,
        of peers: Peers,
        now: Int
    ) throws(CertificateProblem) -> TrustedAuthorities {
        let bytes = try contents(path, peers)
        let blocks = try CertificateReader.blocks(bytes, path)
        if let key = blocks.first(where: \.isKey) {
            // Nobody needs the CA's key here, and somebody may find it.
            throw CertificateProblem(
                path: path,
                line: key.line,
                "is a private key, not the certificate of a CA",
                hint:
                    "leave the key of the CA where certificates are signed: a tier needs its certificate alone"
            )
        }
        let found = blocks.filter(\.isCertificate)
        guard let first = found.first else { throw CertificateReader.noCertificate(path, bytes, blocks) }
        guard found.count <= peers.maxCount else {
            throw CertificateProblem(path: path, "has more than \(peers.maxCount) certificates")
        }
        var authorities: [TrustedAuthority] = []
        var seen: Set<[UInt8]> = []
        for block in found {
            let authority = try authority(block, in: bytes, path, of: peers)
            if seen.insert(authority.fingerprint).inserted { authorities.append(authority) }
        }
        guard authorities.contains(where: { $0.isValid(at: now) }) else {
            throw outOfTime(authorities, path, first, now)
        }
        return try TrustedAuthorities(path, authorities)
    }

    private static func contents(_ path: String, _ peers: Peers) throws(CertificateProblem) -> [UInt8] {
        do throws(CertificateProblem) {
            return try CertificateReader.contents(path)
        } catch {
            var problem = error
            problem.hint = "\(peers.rawValue) are verified by the CAs of this file: without it, none can be"
            throw problem
        }
    }

    private static func authority(
        _ block: PEMBlock,
        in bytes: [UInt8],
        _ path: String,
        of peers: Peers
    ) throws(CertificateProblem) -> TrustedAuthority {
        let certificate = try CertificateReader.certificate(block, in: bytes, path)
        guard !peers.haveStrictAuthorities || certificate.isAuthority else {
            throw CertificateProblem(
                path: path,
                line: block.line,
                "is not the certificate of a CA",
                hint:
                    "a CA has the extension basicConstraints with CA:TRUE; name the CA that issues clients' certificates"
            )
        }
        guard let authority = TrustedAuthority(certificate) else {
            throw CertificateProblem(path: path, line: block.line, "has no valid time of beginning and end")
        }
        if peers.haveStrictAuthorities { try CertificateReader.checkStrength(certificate, block, path) }
        return authority
    }

    private static func outOfTime(
        _ authorities: [TrustedAuthority],
        _ path: String,
        _ first: PEMBlock,
        _ now: Int
    ) -> CertificateProblem {
        let end = authorities.map(\.notAfter).max() ?? 0
        let start = authorities.map(\.notBefore).min() ?? 0
        return CertificateProblem(
            path: path,
            line: first.line,
            now > end
                ? "expired on \(CertificateTime.text(end))"
                : "is not valid before \(CertificateTime.text(start))",
            hint: "renew the CA's certificate; is the clock of this machine right?"
        )
    }
}

extension TrustedAuthorities.Peers {
    /// The maximum number of CAs in a file. The names of those of clients are sent in each handshake; a system has 150 for
    /// servers.
    var maxCount: Int {
        switch self {
        case .clients: 100
        case .endpoints: 10_000
        }
    }

    /// Each certificate has to be one of a CA, and strong. Endpoints may have signed theirs themselves, and of the many
    /// CAs of a system some are weak: OpenSSL does not accept those in a chain.
    fileprivate var haveStrictAuthorities: Bool {
        switch self {
        case .clients: true
        case .endpoints: false
        }
    }
}
