import Bytes
package import Routing

/// What the TLS handshake of a downstream connection has settled, for the checks of each request.
///
/// `@unchecked Sendable`: used on the connection's event loop alone.
package final class ConnectionSecurity: @unchecked Sendable {
    /// The server name of the client; nil: it sent none.
    private(set) var serverName: HostName?
    /// What the handshake demanded.
    private(set) var policy: HostClientPolicy
    /// The certificate that the handshake has verified; nil: the client has sent none.
    private(set) var client: ClientIdentity?
    /// It demands what each host does: a tool follows the request, and there was no handshake.
    private let suitsEveryHost: Bool

    /// A request of the connection has passed. A connection on which none has was made for the host of its first one.
    var hasServed = false
    /// The host that was looked at last, as received, and whether it suits.
    private var last: (host: [UInt8], suits: Bool)?
    /// The rules that decided about it. Weak: a connection that idles keeps no rules that have been replaced.
    private weak var lastTable: RouteTable?

    /// Before the handshake: nothing is demanded, and nobody is known.
    package init() {
        policy = .none
        suitsEveryHost = false
    }

    /// For tools that follow requests without connections.
    ///
    /// - Parameter client: nil: one without a certificate.
    package init(following client: ClientIdentity?) {
        policy = .none
        suitsEveryHost = true
        self.client = client
    }

    /// The handshake has ended, before the first byte of a request is passed on.
    package func establish(serverName: HostName?, policy: HostClientPolicy, client: ClientIdentity?) {
        self.serverName = serverName
        self.policy = policy
        self.client = client
        last = nil
    }

    /// Whether the handshake demanded what the host of a request does; nil: `note` has to find out.
    ///
    /// - Parameter raw: the host as received.
    func suits(_ raw: Span<UInt8>, _ table: RouteTable) -> Bool? {
        if suitsEveryHost { return true }
        guard let last, lastTable === table, raw.equals(last.host.span) else { return nil }
        return last.suits
    }

    /// Remembers what the rules say of a host.
    ///
    /// - Returns: whether the handshake demanded the same.
    func note(_ raw: Span<UInt8>, _ table: RouteTable, _ found: HostClientPolicy) -> Bool {
        var host: [UInt8] = []
        host.reserveCapacity(raw.count)
        for index in raw.indices { host.append(raw[index]) }
        last = (host, found == policy)
        lastTable = table
        return found == policy
    }
}
