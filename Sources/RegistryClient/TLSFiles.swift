import Glibc
import PEM

/// The PEM files of a registry's TLS.
package struct TLSFiles: Sendable, Hashable {
    /// The certificates of the trusted authorities; nil: the system's.
    package var ca: String?
    /// The certificate that the client presents, and its key.
    package var certificate: String?
    package var key: String?

    package init(ca: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }

    /// The contents of the files.
    ///
    /// - Throws: `RegistryError`, which names the file: it cannot be read, is not what it should be, or the key does not
    ///   belong to the certificate.
    func read() throws(RegistryError) -> TLSContents {
        var contents = TLSContents()
        if let ca {
            contents.ca = try Self.read(ca)
            _ = try Self.certificate(ca, contents.ca)
        }
        switch (certificate, key) {
        case (nil, nil): break
        case (let certificate?, let key?):
            contents.certificate = try Self.read(certificate)
            contents.key = try Self.read(key)
            let first = try Self.certificate(certificate, contents.certificate)
            try Self.check(key, contents.key, belongsTo: first, of: certificate)
        case (_?, nil): throw RegistryError("a client certificate needs its key: set 'key'")
        case (nil, _?): throw RegistryError("a key needs its client certificate: set 'cert'")
        }
        return contents
    }

    private static func read(_ path: String) throws(RegistryError) -> [UInt8] {
        guard let file = fopen(path, "re") else {
            throw RegistryError("\(path): cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maxBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else { throw RegistryError("\(path): cannot be read") }
        guard count <= maxBytes else { throw RegistryError("\(path): larger than \(maxBytes) bytes") }
        return Array(bytes[..<count])
    }

    /// The largest file, bytes: a system's bundle of authorities has 200 KiB.
    private static let maxBytes = 4 << 20

    /// Checks each certificate of a file.
    ///
    /// - Returns: the first one.
    private static func certificate(
        _ path: String,
        _ bytes: [UInt8]
    ) throws(RegistryError) -> X509Certificate {
        var first: X509Certificate?
        for block in (try? PEMBlock.blocks(bytes)) ?? [] where block.isCertificate {
            guard let certificate = X509Certificate(block, in: bytes) else {
                first = nil
                break
            }
            first = first ?? certificate
        }
        guard let first else { throw RegistryError("\(path): is not a certificate in PEM form") }
        return first
    }

    private static func check(
        _ path: String,
        _ bytes: [UInt8],
        belongsTo certificate: X509Certificate,
        of certificatePath: String
    ) throws(RegistryError) {
        // A key with a password is an error: nobody is there to enter it.
        guard let block = ((try? PEMBlock.blocks(bytes)) ?? []).first(where: \.isKey),
            let key = PrivateKey(block, in: bytes)
        else {
            throw RegistryError("\(path): is not a private key in PEM form without a password")
        }
        guard key.belongs(to: certificate) else {
            throw RegistryError("\(path): is not the key of the certificate in \(certificatePath)")
        }
    }
}

/// What `TLSFiles` contain. Empty: none.
struct TLSContents: Sendable {
    var ca: [UInt8] = []
    var certificate: [UInt8] = []
    var key: [UInt8] = []
}
