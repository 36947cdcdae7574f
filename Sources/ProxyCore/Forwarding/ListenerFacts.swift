package import Routing

/// What the listener of a connection adds to its requests and responses. Plain listeners have none.
///
/// `@unchecked Sendable`: each event loop has its own, which is changed on that loop alone.
package final class ListenerFacts: @unchecked Sendable {
    /// Requests that came without TLS are redirected to `https` at this port; nil: they are not.
    package let httpsPort: UInt16?
    /// The value of `Strict-Transport-Security` (RFC 6797 §6.1), for responses without one; empty: none is added.
    package let strictTransport: [UInt8]

    /// The certificate that clients need for rules without a policy of their own; nil: none.
    package var clientCertificates: ClientCertificates?
    /// Clients may use HTTP/2: where they agree on it by ALPN, or send its preface at once (RFC 9113 §3).
    package let allowsHTTP2: Bool

    package init(
        httpsPort: UInt16? = nil,
        strictTransport: [UInt8] = [],
        clientCertificates: ClientCertificates? = nil,
        allowsHTTP2: Bool = false
    ) {
        self.httpsPort = httpsPort
        self.strictTransport = strictTransport
        self.clientCertificates = clientCertificates
        self.allowsHTTP2 = allowsHTTP2
    }

    static let strictTransportName = Array("Strict-Transport-Security".utf8)

    /// The field for a response of Berth itself; nil: none.
    package var strictTransportField: LocalResponse.Field? {
        strictTransport.isEmpty ? nil : (Self.strictTransportName, strictTransport)
    }
}
