package import ServerNames

/// What of a ClientHello (RFC 8446 §4.1.2) decides which certificate a connection gets.
package struct ClientHello: Hashable, Sendable {
    /// Nil: the client sent none.
    package var serverName: ServerName?
    /// The application protocols that the client offers (RFC 7301), in its order, without GREASE: `http/1.1`.
    package var protocols: [[UInt8]]
    /// The versions that the client offers, in its order, without GREASE: 0x0304 is TLS 1.3.
    package var versions: [UInt16]

    package init(serverName: ServerName? = nil, protocols: [[UInt8]] = [], versions: [UInt16] = []) {
        self.serverName = serverName
        self.protocols = protocols
        self.versions = versions
    }
}
