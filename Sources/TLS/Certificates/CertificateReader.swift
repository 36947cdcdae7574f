import Bytes
import PEM
import Settings
import SystemSupport

/// Reads certificates with their keys from files, and checks all that can be checked before a handshake.
struct CertificateReader {
    /// The maximum size of a file, bytes: a chain has 10 KiB.
    static let maxFileBytes = 1 << 20
    /// The bits of security that OpenSSL's level 2 demands of keys and signatures: RSA 2048, SHA-256.
    static let minSecurityBits = 112
    /// The maximum number of certificates in one file.
    static let maxChain = 16

    /// Issuers by the bytes of their PEM block: many certificates have the same, which is parsed and kept once.
    private var issuers: [[UInt8]: [UInt8]] = [:]

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - isServer: it has to have a name that clients can compare; else servers are shown it.
    mutating func read(
        _ files: CertificateSettings.Pair,
        now: Int,
        isServer: Bool = true
    ) throws(CertificateProblem) -> Certificate {
        var bytes = try Self.contents(files.certificate)
        defer { bytes.erase() }
        let blocks = try Self.blocks(bytes, files.certificate)
        let certificates = blocks.filter(\.isCertificate)
        guard let first = certificates.first else {
            throw Self.noCertificate(files.certificate, bytes, blocks)
        }
        guard certificates.count <= Self.maxChain else {
            throw CertificateProblem(
                path: files.certificate,
                "has more than \(Self.maxChain) certificates",
                hint: "the file contains the server's own certificate, then those of its issuers"
            )
        }
        let leaf = try Self.certificate(first, in: bytes, files.certificate)
        let key = try privateKey(files, bytes, blocks, of: leaf, certificates)
        let life = try Self.checkLife(leaf, first, files.certificate, now)
        try Self.checkStrength(leaf, first, files.certificate)
        let names = leaf.names
        guard !names.isEmpty || !isServer else {
            throw CertificateProblem(
                path: files.certificate,
                line: first.line,
                "has no name of a server",
                hint: "a server's certificate has its names in subjectAltName: DNS:www.test.priv"
            )
        }
        var chain: [[UInt8]] = []
        guard let der = leaf.der else { throw Self.outOfMemory(files.certificate) }
        chain.append(der)
        for block in certificates.dropFirst() {
            chain.append(try issuer(block, in: bytes, files.certificate))
        }
        return Certificate(
            names: names,
            notBefore: life.lowerBound,
            notAfter: life.upperBound,
            fingerprint: leaf.fingerprint,
            files: files,
            keyKind: leaf.keyKind,
            chain: chain,
            key: key
        )
    }

    // MARK: Pieces

    static func contents(_ path: String) throws(CertificateProblem) -> [UInt8] {
        do throws(FileError) {
            if let bytes = try WholeFile.read(path, limit: maxFileBytes) { return bytes }
        } catch {
            throw CertificateProblem(path: path, "cannot be read: \(error.reason)").absence
        }
        throw CertificateProblem(path: path, "does not exist").absence
    }

    static func blocks(_ bytes: [UInt8], _ path: String) throws(CertificateProblem) -> [PEMBlock] {
        do throws(PEMBlock.Unended) {
            return try PEMBlock.blocks(bytes)
        } catch {
            throw CertificateProblem(
                path: path,
                line: error.line,
                "the block `\(Printable.text(error.label))` has no end",
                hint: "the file is cut off, or still being written"
            )
        }
    }

    static func certificate(
        _ block: PEMBlock,
        in bytes: [UInt8],
        _ path: String
    ) throws(CertificateProblem) -> X509Certificate {
        guard let found = X509Certificate(block, in: bytes) else {
            throw CertificateProblem(path: path, line: block.line, "is not a valid certificate")
        }
        return found
    }

    static func noCertificate(
        _ path: String,
        _ bytes: [UInt8],
        _ blocks: [PEMBlock]
    ) -> CertificateProblem {
        if let key = blocks.first(where: \.isKey) {
            return CertificateProblem(path: path, line: key.line, "is a private key, not a certificate")
        }
        // A DER file begins with a SEQUENCE.
        let isDER = bytes.first == 0x30
        return CertificateProblem(
            path: path,
            bytes.isEmpty ? "is empty" : "is not a certificate in PEM form",
            hint: isDER ? "convert it: openssl x509 -inform DER -in \(path) -out …" : nil
        )
    }

    private static func outOfMemory(_ path: String) -> CertificateProblem {
        CertificateProblem(path: path, "cannot be read: out of memory")
    }

    private mutating func issuer(
        _ block: PEMBlock,
        in bytes: [UInt8],
        _ path: String
    ) throws(CertificateProblem) -> [UInt8] {
        let text = Array(bytes[block.range])
        if let der = issuers[text] { return der }
        let certificate = try Self.certificate(block, in: bytes, path)
        try Self.checkStrength(certificate, block, path)
        guard let der = certificate.der else { throw Self.outOfMemory(path) }
        issuers[text] = der
        return der
    }

    // MARK: Checks

    private static func checkLife(
        _ certificate: X509Certificate,
        _ block: PEMBlock,
        _ path: String,
        _ now: Int
    ) throws(CertificateProblem) -> ClosedRange<Int> {
        guard let start = certificate.notBefore, let end = certificate.notAfter, start <= end else {
            throw CertificateProblem(path: path, line: block.line, "has no valid time of beginning and end")
        }
        guard now <= end else {
            throw CertificateProblem(
                path: path,
                line: block.line,
                "expired on \(CertificateTime.text(end))",
                hint: "renew the certificate; is the clock of this machine right?"
            )
        }
        guard now >= start else {
            throw CertificateProblem(
                path: path,
                line: block.line,
                "is not valid before \(CertificateTime.text(start))",
                hint: "is the clock of this machine right?"
            )
        }
        return start...end
    }

    static func checkStrength(
        _ certificate: X509Certificate,
        _ block: PEMBlock,
        _ path: String
    ) throws(CertificateProblem) {
        guard certificate.keySecurityBits >= minSecurityBits else {
            throw CertificateProblem(
                path: path,
                line: block.line,
                "has a key that is too weak: \(certificate.keyKind)",
                hint: "get a certificate with an EC key of 256 bits, or an RSA key of 2048"
            )
        }
        if let bits = certificate.signatureSecurityBits, bits < minSecurityBits {
            throw CertificateProblem(
                path: path,
                line: block.line,
                "is signed with a digest that is too weak, such as SHA-1",
                hint: "get a certificate that is signed with SHA-256"
            )
        }
    }

    // MARK: The key

    private func privateKey(
        _ files: CertificateSettings.Pair,
        _ certificateBytes: [UInt8],
        _ certificateBlocks: [PEMBlock],
        of leaf: X509Certificate,
        _ certificates: [PEMBlock]
    ) throws(CertificateProblem) -> SecretBytes {
        let isOneFile = files.key == files.certificate
        var bytes = isOneFile ? certificateBytes : try Self.contents(files.key)
        defer { bytes.erase() }
        let blocks = isOneFile ? certificateBlocks : try Self.blocks(bytes, files.key)
        guard let block = blocks.first(where: \.isKey) else {
            let isEmpty = bytes.isEmpty
            throw CertificateProblem(
                path: files.key,
                isEmpty ? "is empty" : isOneFile ? "has no private key" : "is not a private key in PEM form",
                hint: isOneFile
                    ? "name the file of the key: `key: …`; in a folder its name ends in .key" : nil
            )
        }
        guard let key = PrivateKey(block, in: bytes, for: leaf) else {
            let isEncrypted =
                block.label.hasPrefix("ENCRYPTED") || bytes[block.range].span.contains(Self.encrypted.span)
            throw CertificateProblem(
                path: files.key,
                line: block.line,
                isEncrypted ? "the private key has a password" : "is not a valid private key",
                hint: isEncrypted ? "remove the password: openssl pkey -in \(files.key) -out …" : nil
            )
        }
        guard key.belongs(to: leaf) else {
            let other = certificates.dropFirst().first { block in
                (try? Self.certificate(block, in: certificateBytes, files.certificate)).map(key.belongs)
                    ?? false
            }
            if let other {
                throw CertificateProblem(
                    path: files.certificate,
                    line: other.line,
                    "the server's own certificate is not the first of its file",
                    hint: "write it first, and after it the certificate of its issuer"
                )
            }
            throw CertificateProblem(
                path: files.key,
                line: block.line,
                "is not the key of the certificate in \(files.certificate)"
            )
        }
        guard let der = key.der else {
            throw CertificateProblem(path: files.key, line: block.line, "is a private key without contents")
        }
        return der
    }

    private static let encrypted = Array("Proc-Type: 4,ENCRYPTED".utf8)
}
