import Balancing
import HTTP1
import NIOCore
import ProxyCore
package import Routing

/// The pool that a target has an entry for, and what the pool makes of the request.
package struct PoolUse: Sendable {
    package let pool: Pool
    /// What the request's hash is made of; nil where the method needs none.
    package let key: [UInt8]?

    /// Nil: no pool is for the request's target.
    init?(
        _ route: borrowing RequestRoute,
        _ head: borrowing RequestHead,
        _ bytes: ByteBuffer,
        _ tier: DryRunTier,
        _ connection: ConnectionInfo
    ) {
        let pools = tier.table.pools
        guard case .forward(let forward)? = route.decision?.decision.outcome, !pools.isEmpty,
            let pool = pools.pool(for: forward.target.name, scratch: RouteScratch())
        else { return nil }
        self.pool = pool
        if case .ipHash = pool.settings.method {
            key = route.client.map { Array($0.description.utf8) }
        } else if let hashKey = pool.hashKey, let host = route.host, let client = route.client {
            key = Self.key(hashKey, host, client, head, bytes, connection)
        } else {
            key = nil
        }
    }

    private static func key(
        _ hashKey: HashKey,
        _ host: HostName,
        _ client: IPAddress,
        _ head: borrowing RequestHead,
        _ bytes: ByteBuffer,
        _ connection: ConnectionInfo
    ) -> [UInt8] {
        let span = bytes.readableBytesUInt8Span
        let fields = copy head
        let host = host.bytes
        let key = RouteKey(
            host: host.span,
            target: span.extracting(head.originForm.indices),
            method: span.extracting(head.methodRange.indices),
            scheme: ClientScheme.of(head, span, from: connection),
            client: client
        )
        var text: [UInt8] = []
        hashKey.append(
            key,
            headers: { name, visit in
                fields.anyValue(of: name, in: bytes.readableBytesUInt8Span, visit: visit)
            },
            to: &text
        )
        return text
    }
}
