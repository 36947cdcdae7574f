package import ServerNames

/// Which certificate a server name gets, and why.
package struct CertificateExplanation: Sendable {
    /// Nil: the handshake is refused.
    package var certificate: Certificate?
    /// The one with another kind of key, for clients that prefer it; nil: there is none.
    package var alternative: Certificate?
    /// The certificate's name that covers the server name; nil: it is the default's.
    package var covering: CertificateName?
    /// A wildcard that would cover the name if it had fewer labels: `*.test.priv` for `a.b.test.priv`.
    package var shallow: CertificateName?
}

extension CertificateStore {
    /// - Parameter name: nil where the client sends none.
    package func explanation(for name: ServerName?) -> CertificateExplanation {
        let choice = choice(for: name)
        let certificate = choice?.certificate
        let covering = name.flatMap { name in certificate?.names.first { $0.covers(name) } }
        let shallow = covering == nil ? name.flatMap(shallowWildcard) : nil
        return CertificateExplanation(
            certificate: certificate,
            alternative: choice?.alternative,
            covering: covering,
            shallow: shallow
        )
    }
}
