/// How Berth proves to a target's endpoints who it is, and they to it: `upstream_tls`, as the rule files say it.
///
/// What the files contain is not part of it: they may be replaced while requests run.
public struct UpstreamTLS: Hashable, Sendable {
    /// A certificate with its key, in files.
    public struct Certificate: Hashable, Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// A file with the certificates of the authorities that are trusted; nil: the system's.
    public var authorities: String?
    /// The name that the endpoint's certificate has to have; nil: the target's.
    public var serverName: String?
    /// What an endpoint is shown that demands a certificate; nil: nothing.
    public var certificate: Certificate?
    /// False: whoever responds at the address is taken for the endpoint.
    public var verifies = true
    /// Endpoints may choose HTTP/2 (ALPN).
    public var http2 = true

    public init(
        authorities: String? = nil,
        serverName: String? = nil,
        certificate: Certificate? = nil,
        verifies: Bool = true,
        http2: Bool = true
    ) {
        self.authorities = authorities
        self.serverName = serverName
        self.certificate = certificate
        self.verifies = verifies
        self.http2 = http2
    }
}

extension UpstreamTLS: CustomStringConvertible {
    /// For people: `(ca /etc/berth/ca.pem, server_name api.internal)`.
    public var description: String {
        var parts: [String] = []
        if !verifies { parts.append("verify false") }
        if !http2 { parts.append("http2 false") }
        if let authorities { parts.append("ca \(authorities)") }
        if let serverName { parts.append("server_name \(serverName)") }
        if let certificate { parts.append("certificate \(certificate.certificate)") }
        return "(\(parts.joined(separator: ", ")))"
    }
}
