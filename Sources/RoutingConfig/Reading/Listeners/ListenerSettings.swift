package import Routing
package import Settings

/// One of `listeners`: an address, and what clients find there.
package struct ListenerSettings: Sendable, Hashable {
    package var address: Endpoint
    /// Nil: HTTP without TLS.
    package var tls: TLSSettings?
    /// Each request is redirected to the same host, path and query on HTTPS. Never with `tls`.
    package var redirectsToHTTPS = false
    /// Nil: where there is TLS.
    package var http2: Bool?
    /// Of the item in its file.
    package let origin: SourceLocation

    package init(address: Endpoint, origin: SourceLocation) {
        self.address = address
        self.origin = origin
    }

    package var allowsHTTP2: Bool { http2 ?? (tls != nil) }
}

/// `tls` of a listener.
package struct TLSSettings: Sendable, Hashable {
    /// Paths are resolved against the rule file's folder.
    package var certificates: CertificateSettings
    /// The certificate that clients need for rules without a policy of their own; nil: none.
    package var clientCertificates: ClientCertificates?
    /// Nil: responses are not changed.
    package var hsts: HSTSSettings?
    /// Of `certificates` in its file.
    package let origin: SourceLocation

    package init(
        certificates: CertificateSettings,
        clientCertificates: ClientCertificates? = nil,
        hsts: HSTSSettings? = nil,
        origin: SourceLocation
    ) {
        self.certificates = certificates
        self.clientCertificates = clientCertificates
        self.hsts = hsts
        self.origin = origin
    }
}

extension [ListenerSettings] {
    /// The port that `redirect_to_https` redirects to: that of the first listener with TLS; 443 where there is none, as
    /// another program terminates TLS then.
    package var httpsPort: UInt16 { first { $0.tls != nil }?.address.port ?? 443 }
}
