import NIOCore
import NIOPosix
import Routing

/// The connections of one event loop to one endpoint that wait for work.
final class EndpointPool {
    let endpoint: Endpoint
    /// What stood behind the address when the name source told of it.
    let identity: String?
    /// The one used last is lent first: the others may grow old and go.
    fileprivate(set) var idle: [UpstreamConnection] = []

    init(_ endpoint: Endpoint, identity: String? = nil) {
        self.endpoint = endpoint
        self.identity = identity
    }

    /// A connection that is ready, or nil.
    ///
    /// - Parameter certain: look at the socket as well. It costs a system call, and spares a
    ///   request that can't be sent again a connection that its endpoint has just closed.
    func lend(certain: Bool) -> UpstreamConnection? {
        while let connection = idle.popLast() {
            guard connection.isUsable else { continue }
            if !certain || connection.isQuiet { return connection }
            connection.close()
        }
        return nil
    }

    func remove(_ connection: UpstreamConnection) {
        if let place = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: place) }
    }
}

/// The upstream connections of one event loop.
final class UpstreamPools {
    /// An address that something else has taken over is another endpoint: its connections are new.
    private struct Key: Hashable {
        let endpoint: Endpoint
        let identity: String?
    }

    private var pools: [Key: EndpointPool] = [:]
    /// Connections kept for one endpoint.
    var idleLimit: Int
    var idleTimeout: TimeAmount

    init(idleLimit: Int, idleTimeout: TimeAmount) {
        self.idleLimit = idleLimit
        self.idleTimeout = idleTimeout
    }

    func pool(for endpoint: Endpoint, identity: String?) -> EndpointPool {
        let key = Key(endpoint: endpoint, identity: identity)
        if let pool = pools[key] { return pool }
        let pool = EndpointPool(endpoint, identity: identity)
        pools[key] = pool
        return pool
    }

    /// Takes back a connection whose answer is complete; closes it where enough wait already.
    func takeBack(_ connection: UpstreamConnection, now: NIODeadline) {
        guard connection.isUsable, idleTimeout > .zero, connection.pool.idle.count < idleLimit else {
            connection.close()
            return
        }
        connection.idleSince = now
        connection.pool.idle.append(connection)
    }

    /// Closes what has waited too long and forgets endpoints that nobody asks for.
    func tick(now: NIODeadline) {
        var forgotten: [Key] = []
        for (key, pool) in pools {
            // The oldest stand in front.
            let expired = pool.idle.prefix { now - $0.idleSince >= idleTimeout }
            if !expired.isEmpty {
                pool.idle.removeFirst(expired.count)
                for connection in expired { connection.close() }
            }
            if pool.idle.isEmpty { forgotten.append(key) }
        }
        for key in forgotten {
            guard let index = pools.index(forKey: key) else { continue }
            if isKnownUniquelyReferenced(&pools.values[index]) { pools.remove(at: index) }
        }
    }

    /// Closes all that wait for work.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    func closeAll() -> Bool {
        var found = false
        for pool in pools.values where !pool.idle.isEmpty {
            let connections = pool.idle
            pool.idle = []
            found = true
            for connection in connections { connection.close() }
        }
        return found
    }
}
