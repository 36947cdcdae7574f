package import Routing
package import ServerNames

/// What a handshake has settled.
package struct TLSEstablished {
    /// What the client sent; nil: none.
    package let serverName: ServerName?
    /// By which CAs the client was verified; nil: nothing was demanded of it.
    package let verification: ClientVerification?
    /// Nil: the client has shown no certificate.
    package let client: ClientCertificate?

    init(_ serverName: ServerName?, _ stream: TLSStream) {
        self.serverName = serverName
        verification = stream.verification
        client = stream.clientCertificate
    }

    /// What was demanded of the client.
    package var policy: HostClientPolicy { verification?.policy ?? .none }
}
