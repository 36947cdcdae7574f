package import NIOCore
package import ProxyCore
package import Routing
import Settings
package import Transports

/// The data path over transports of any kind.
extension Worker {
    /// Serves a connection, unless there are too many.
    ///
    /// - Returns: whether it is served; else it has been closed.
    @discardableResult
    package func serve(_ transport: any Transport, of connection: ConnectionInfo) -> Bool {
        var entry = gate.enter(connection.peer)
        if entry == .full, context.settings.replacesIdleConnections, makeRoom() {
            entry = gate.enter(connection.peer)
        }
        guard entry == .entered else {
            context.counters.rejected &+= 1
            transport.close()
            return false
        }
        DownstreamConnection(worker: self, connection: connection, now: now).begin(transport)
        return true
    }

    /// Carries requests to an upstream over a transport that is connected to it.
    func upstreamConnection(to upstream: Upstream, over transport: any Transport) -> any ExchangeUpstream {
        let connection = UpstreamConnection(worker: self, upstream: upstream)
        connection.begin(transport)
        return connection
    }

    /// A worker without sockets, for one loop that nobody else uses.
    ///
    /// - Parameter connect: the transport of an upstream connection, or why there is none.
    package static func withoutSockets(
        on loop: any EventLoop,
        settings: TierSettings,
        table: RouteTable,
        resolver: TargetResolver,
        log: (any ExchangeLog)? = nil,
        connect: @escaping () throws(Failure) -> any Transport
    ) -> Worker {
        let worker = Worker(
            loop: loop,
            settings: settings,
            table: table,
            resolver: resolver,
            log: log,
            gate: ConnectionGate(settings.limits),
            seed: 1
        )
        worker.context.connect = { [unowned worker] upstream, _, done in
            do throws(Failure) {
                done(.success(worker.upstreamConnection(to: upstream, over: try connect())))
            } catch {
                done(.failure(error))
            }
        }
        return worker
    }
}
