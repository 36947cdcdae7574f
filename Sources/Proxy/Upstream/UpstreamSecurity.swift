import ProxyCore
package import Routing
package import TLS

/// How a tier connects to targets with `https`.
package struct UpstreamSecurity: Sendable {
    /// The files of each `upstream_tls`.
    let store: TLSClientStore
    let report: UpstreamHandshakeReport?

    /// - Parameter report: called on an event loop when an endpoint refuses a connection, or is not the one that it has
    ///   to be.
    package init(_ store: TLSClientStore = TLSClientStore(), report: UpstreamHandshakeReport? = nil) {
        self.store = store
        self.report = report
    }
}

package typealias UpstreamHandshakeReport = @Sendable (UpstreamHandshakeFailure) -> Void

/// A handshake with an endpoint that has failed, for the log.
package struct UpstreamHandshakeFailure: Sendable {
    package let endpoint: Endpoint
    /// The name or the address that its certificate has to have.
    package let serverName: String
    package let failure: TLSFailure

    init(_ endpoint: Endpoint, _ serverName: String, _ failure: TLSFailure) {
        self.endpoint = endpoint
        self.serverName = serverName
        self.failure = failure
    }
}

extension Failure {
    /// Why there is no TLS connection to an endpoint.
    init(_ failure: TLSFailure) {
        let reason: Reason =
            switch failure.kind {
            case .handshake: .tlsFailed
            case .certificate: .tlsCertificate
            case .alert: .tlsAlert
            }
        self.init(reason, detail: failure.word)
    }
}
