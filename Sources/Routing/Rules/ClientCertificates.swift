/// Which certificate a client needs, to send requests that a rule decides (TLS client authentication).
///
/// A table does not verify certificates: whoever serves requests does, before it acts on a decision.
public struct ClientCertificates: Sendable, Hashable {
    /// The path of a PEM file with the certificates of the CAs that may have issued it.
    public var authorities: String
    /// A client without a certificate is refused. False: a certificate is requested, and verified if there is one.
    public var isRequired: Bool
    /// Of which the certificate has to have one: a name of its subjectAltName (DNS, email, URI; `*.` stands for one label), or
    /// its whole subject as RFC 2253 writes it. Empty: any will do.
    public var names: [String]

    public init(authorities: String, isRequired: Bool = true, names: [String] = []) {
        self.authorities = authorities
        self.isRequired = isRequired
        self.names = names
    }
}
