import Glibc
import NIOCore
import NIOPosix
import Proxy
import Routing

/// A TCP address where the admin interface, or metrics, are served. In a take-over the next process gets the same socket.
struct ControlPort: Sendable {
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 64

    /// With the port that was chosen where 0 was given.
    let endpoint: Endpoint
    /// As it was given.
    let configured: Endpoint
    private let channel: any Channel
    private let group: any EventLoopGroup

    /// - Parameters:
    ///   - sharesPort: another instance may listen there: one that drains.
    ///   - accepts: false: those who connect wait until `accept`.
    ///   - inherited: sockets that listen already. One at the endpoint is taken.
    ///   - initializer: of connections.
    static func listen(
        at endpoint: Endpoint,
        sharesPort: Bool,
        accepts: Bool,
        inherited: inout InheritedSockets,
        group: any EventLoopGroup,
        _ initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws(IOError) -> ControlPort {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.autoRead, value: accepts)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
            .childChannelInitializer(initializer)
        do {
            if let taken = inherited.take(endpoint), let descriptor = taken.descriptors.first {
                for other in taken.descriptors.dropFirst() { close(other) }
                let channel = try await bootstrap.withBoundSocket(descriptor).get()
                return ControlPort(
                    endpoint: taken.bound,
                    configured: endpoint,
                    channel: channel,
                    group: group
                )
            }
            let address = try SocketAddress(ipAddress: "\(endpoint.address)", port: Int(endpoint.port))
            if !sharesPort, endpoint.port != 0 {
                // With SO_REUSEPORT two programs of one user can share a port and not know it.
                let alone = ServerBootstrap(group: group)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                try await alone.bind(to: address).get().close().get()
            }
            let channel = try await bootstrap.bind(to: address).get()
            let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? endpoint.port
            return ControlPort(
                endpoint: Endpoint(address: endpoint.address, port: port),
                configured: endpoint,
                channel: channel,
                group: group
            )
        } catch {
            throw (error as? IOError) ?? IOError(errnoCode: EINVAL, reason: "\(error)")
        }
    }

    /// Serves those who have connected, and from now on.
    func accept() { channel.setOption(.autoRead, value: true).whenFailure { _ in } }

    /// Accepts nothing until `accept`: those who connect wait.
    func hold() -> EventLoopFuture<Void> { channel.setOption(.autoRead, value: false) }

    /// Accepts nothing more; connections go on.
    func release() async {
        try? await hold().get()
        // What was accepted comes to its event loop first: else it would be closed with the socket.
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
        try? await channel.eventLoop.submit {}.get()
        try? await channel.close().get()
    }

    /// A copy of the socket's descriptor, for another process; nil: it is closed. The caller closes it.
    func copy() async -> Int32? {
        try? await channel.eventLoop.submit { [channel] in
            let copy = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { fcntl($0, F_DUPFD_CLOEXEC, 0) }
            return copy.flatMap { $0 < 0 ? nil : $0 }
        }
        .get()
    }
}
