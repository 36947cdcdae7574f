import NIOConcurrencyHelpers
package import Routing
package import TLS

/// One address that a tier listens on, and how.
package struct ListenerPlan: Sendable {
    package var endpoint: Endpoint
    /// Its certificates; nil: plain HTTP.
    package var certificates: ListenerCertificates?
    /// The value of `Strict-Transport-Security`; empty: none. For a listener with certificates.
    package var strictTransport: [UInt8] = []
    /// The certificate that clients need for rules without a policy of their own; nil: none. For a listener with
    /// certificates.
    package var clientCertificates: ClientCertificates?
    /// Requests are redirected to the tier's first listener with certificates; without one to port 443.
    package var redirectsToHTTPS = false
    package var allowsHTTP2 = false

    /// Plain HTTP/1.
    package init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    package init(
        _ endpoint: Endpoint,
        certificates: ListenerCertificates?,
        strictTransport: [UInt8] = [],
        clientCertificates: ClientCertificates? = nil,
        redirectsToHTTPS: Bool = false,
        allowsHTTP2: Bool = false
    ) {
        self.endpoint = endpoint
        self.certificates = certificates
        self.strictTransport = strictTransport
        self.clientCertificates = clientCertificates
        self.redirectsToHTTPS = redirectsToHTTPS
        self.allowsHTTP2 = allowsHTTP2
    }
}

/// The certificates of a listener: those that are in force when a handshake begins. Any thread.
package final class ListenerCertificates: Sendable {
    private let current: NIOLockedValueBox<CertificateStore>

    package init(_ store: CertificateStore) {
        current = NIOLockedValueBox(store)
    }

    package var store: CertificateStore { current.withLockedValue { $0 } }

    /// Other certificates, for handshakes that begin from now on.
    package func replace(by store: CertificateStore) { current.withLockedValue { $0 = store } }
}
