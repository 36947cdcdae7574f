import ProxyCore
import Glibc
import NIOCore
import NIOPosix
package import Routing

/// Why a tier can't listen.
package struct ListenError: Error, CustomStringConvertible, Sendable {
    package let endpoint: Endpoint
    package let reason: String

    package var description: String { "cannot listen on \(endpoint): \(reason)" }
}

/// One listening address: a socket on each event loop, among which the kernel shares
/// new connections out (`SO_REUSEPORT`). A connection stays on its loop for life.
package final class Listener: Sendable {
    /// Where it listens; with the port that was chosen where 0 was given.
    package let endpoint: Endpoint
    private let channels: [any Channel]

    private init(endpoint: Endpoint, channels: [any Channel]) {
        self.endpoint = endpoint
        self.channels = channels
    }

    /// Binds `endpoint` on each worker's loop.
    ///
    /// - Throws: `ListenError`, in words, when the port is taken or may not be used.
    package static func bind(_ endpoint: Endpoint, workers: [Worker]) async throws(ListenError) -> Listener {
        // With SO_REUSEPORT two programs of one user can share a port and not know it: a
        // socket without it finds out.
        var bound = endpoint
        var channels: [any Channel] = []
        do {
            try probe(endpoint)
            for worker in workers {
                let channel = try await bootstrap(worker).bind(to: try SocketAddress(bound)).get()
                channels.append(channel)
                try await Acceptor.takeOver(channel)
                if let address = channel.localAddress, let actual = Endpoint(address) { bound = actual }
            }
        } catch {
            for channel in channels { channel.close(promise: nil) }
            throw ListenError(endpoint: endpoint, reason: reason(error))
        }
        return Listener(endpoint: bound, channels: channels)
    }

    /// Accepts no more.
    package func close() async {
        for channel in channels { try? await channel.close().get() }
    }

    private static func bootstrap(_ worker: Worker) -> ServerBootstrap {
        ServerBootstrap(group: worker.loop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SO_REUSEPORT), value: 1)
            // Accepted sockets inherit it (tcp(7)): one system call less for each of them.
            .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // One at a time: the next waits for the loop's next round, which serves the others as well, and
            // the call that would find nobody waiting is saved.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoff())
                    try channel.pipeline.syncOperations.addHandler(Acceptor(worker))
                }
            }
    }

    private static func probe(_ endpoint: Endpoint) throws {
        guard endpoint.port != 0 else { return }
        let address = try SocketAddress(endpoint)
        let descriptor = socket(
            endpoint.address.isIPv4 ? AF_INET : AF_INET6,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        defer { Glibc.close(descriptor) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let result = address.withSockAddr { pointer, size in
            Glibc.bind(descriptor, pointer, socklen_t(size))
        }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case EADDRINUSE: return "the port is in use by another program"
        case EACCES: return "ports below 1024 need root or CAP_NET_BIND_SERVICE"
        case EADDRNOTAVAIL: return "the address is not one of this machine's"
        default: return String(cString: strerror(error.errnoCode))
        }
    }
}

extension DownstreamConnection {
    /// The handler that joins it to a channel. Once for each connection.
    func transportForChannel() -> ChannelTransport {
        let transport = ChannelTransport(owner: self, largeBuffers: false)
        begin(transport)
        return transport
    }
}

extension Worker {
    /// The handler of a connection that has just been accepted on this loop; nil when
    /// there are too many.
    func admit(_ channel: any Channel) -> DownstreamConnection? {
        let peer = channel.remoteAddress.flatMap(Endpoint.init)?.address ?? IPAddress(v4: 0)
        guard gate.enter(peer) else {
            context.counters.rejected &+= 1
            return nil
        }
        let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0
        let connection = ConnectionInfo(
            peer: peer,
            localPort: port,
            trustedProxies: context.settings.trustedProxies
        )
        return DownstreamConnection(worker: self, connection: connection, now: now)
    }
}
