import Balancing
import ProxyCore
package import Routing

/// The pool that a target has an entry for, and what the pool makes of the request.
package struct PoolUse: Sendable {
    package let pool: Pool
    /// What the request's hash is made of; nil where the method needs none.
    package let key: [UInt8]?

    /// Nil: no pool is for the request's target.
    init?(_ route: borrowing RequestRoute) {
        guard let pool = route.pool?.settings else { return nil }
        self.pool = pool
        switch pool.settings.method {
        // The key is the client's network, in bytes.
        case .ipHash: key = route.client.map { Array($0.description.utf8) }
        case .hash, .maglev: key = route.balancingKey
        case .roundRobin, .leastConnections, .leastTime, .random: key = nil
        }
    }
}
