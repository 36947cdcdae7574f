package import ProxyCore
package import NIOCore
package import Routing
import Settings

/// The data path over channels that are no sockets: how the fuzz checks and tests get in, without the types inside.
extension Worker {
    /// A worker for one loop that nobody else uses.
    ///
    /// - Parameter connect: makes the channel of an upstream connection around its handler, on `loop` and at once,
    ///   or throws a `Failure`.
    package static func forTesting(
        on loop: any EventLoop,
        settings: TierSettings,
        table: RouteTable,
        resolver: TargetResolver,
        log: (any ExchangeLog)? = nil,
        connect: @escaping (any ChannelHandler & Sendable) throws -> Void
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
            let connection = UpstreamConnection(worker: worker, upstream: upstream)
            do {
                try connect(connection.transportForChannel())
                done(.success(connection))
            } catch {
                done(.failure(error as? Failure ?? Failure(.connectFailed)))
            }
        }
        return worker
    }

    /// The handler of a client's connection. Once for each.
    package func handler(for connection: ConnectionInfo) -> any ChannelHandler & Sendable {
        _ = gate.enter(connection.peer)
        return DownstreamConnection(worker: self, connection: connection, now: now).transportForChannel()
    }
}
