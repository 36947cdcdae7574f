import NIOSSL

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

    /// - Throws: `RegistryError`, which names the file.
    func configuration() throws(RegistryError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        if let ca {
            tls.trustRoots = .certificates(try Self.read(ca) { try NIOSSLCertificate.fromPEMFile(ca) })
        }
        switch (certificate, key) {
        case (nil, nil): break
        case (let certificate?, let key?):
            let chain = try Self.read(certificate) { try NIOSSLCertificate.fromPEMFile(certificate) }
            tls.certificateChain = chain.map { .certificate($0) }
            tls.privateKey = .privateKey(try Self.read(key) { try NIOSSLPrivateKey(file: key, format: .pem) })
        case (_?, nil): throw RegistryError("a client certificate needs its key: set 'key'")
        case (nil, _?): throw RegistryError("a key needs its client certificate: set 'cert'")
        }
        return tls
    }

    private static func read<Value>(_ path: String, _ body: () throws -> Value) throws(RegistryError) -> Value
    {
        do { return try body() } catch { throw RegistryError("\(path): cannot be used: \(error)") }
    }
}
