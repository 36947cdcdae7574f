package import Routing
package import Settings

/// One of `listeners`: an address, and what clients find there.
package struct ListenerSettings: Sendable, Hashable {
    package var address: Endpoint
    /// Nil: HTTP without TLS.
    package var tls: TLSSettings?
    /// Each request is redirected to the same host, path and query on HTTPS. Never with `tls`.
    package var redirectsToHTTPS = false
    /// Of the item in its file.
    package let origin: SourceLocation

    package init(address: Endpoint, origin: SourceLocation) {
        self.address = address
        self.origin = origin
    }
}

/// `tls` of a listener.
package struct TLSSettings: Sendable, Hashable {
    /// Paths are resolved against the rule file's folder.
    package var certificates: CertificateSettings
    /// Nil: responses are not changed.
    package var hsts: HSTSSettings?
    /// Of `certificates` in its file.
    package let origin: SourceLocation

    package init(certificates: CertificateSettings, hsts: HSTSSettings? = nil, origin: SourceLocation) {
        self.certificates = certificates
        self.hsts = hsts
        self.origin = origin
    }
}

extension [ListenerSettings] {
    /// The port that `redirect_to_https` redirects to: that of the first listener with TLS; 443 where there is none, as
    /// another program terminates TLS then.
    package var httpsPort: UInt16 { first { $0.tls != nil }?.address.port ?? 443 }
}
