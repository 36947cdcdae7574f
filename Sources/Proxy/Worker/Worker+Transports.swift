import EpollLoop
package import NIOCore
package import ProxyCore
package import Routing
import Settings
import TLS
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
    func upstreamConnection(
        to upstream: Upstream,
        over transport: UpstreamTransport
    ) -> any ExchangeUpstream {
        let connection = UpstreamConnection(worker: self, upstream: upstream, transport)
        connection.begin(transport.stream)
        return connection
    }

    /// … without TLS.
    func upstreamConnection(to upstream: Upstream, over stream: any Transport) -> any ExchangeUpstream {
        upstreamConnection(to: upstream, over: UpstreamTransport(stream))
    }

    func secureConnector(on loop: EpollLoop) -> SecureConnector {
        SecureConnector(security: upstreamSecurity, memory: tlsMemory, http2: http2.memory, loop: loop)
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
        worker.connects { [unowned worker] upstream, upgrades, timeout, done in
            worker.carrier(
                to: upstream,
                upgrades: upgrades,
                timeout: timeout,
                dial: { _, _, _, done in
                    do throws(Failure) {
                        done(.success(UpstreamTransport(try connect())))
                    } catch {
                        done(.failure(error))
                    }
                },
                done: done
            )
        }
        return worker
    }

    /// How this loop connects to upstreams from now on.
    ///
    /// - Parameter connect: with whether the request changes to WebSocket.
    func connects(
        with connect:
            @escaping (
                _ upstream: Upstream,
                _ upgrades: Bool,
                _ timeout: TimeAmount,
                _ done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
            ) -> Void
    ) {
        context.connect = { upstream, timeout, done in connect(upstream, false, timeout, done) }
        context.connectForWebSocket = { upstream, timeout, done in connect(upstream, true, timeout, done) }
    }
}
