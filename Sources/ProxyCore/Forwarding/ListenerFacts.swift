package import Routing

/// What the listener of a connection adds to its requests and responses. Plain listeners have none.
package final class ListenerFacts: Sendable {
    /// Requests that came without TLS are redirected to `https` at this port; nil: they are not.
    package let httpsPort: UInt16?
    /// The value of `Strict-Transport-Security` (RFC 6797 §6.1), for responses without one; empty: none is added.
    package let strictTransport: [UInt8]

    package init(httpsPort: UInt16? = nil, strictTransport: [UInt8] = []) {
        self.httpsPort = httpsPort
        self.strictTransport = strictTransport
    }

    static let strictTransportName = Array("Strict-Transport-Security".utf8)

    /// The field for a response of Berth itself; nil: none.
    package var strictTransportField: LocalResponse.Field? {
        strictTransport.isEmpty ? nil : (Self.strictTransportName, strictTransport)
    }
}
