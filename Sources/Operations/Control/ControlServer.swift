import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Glibc

/// What responds to a request.
typealias ControlResponder = @Sendable (ControlRequest) async -> ControlResponse

/// Serves HTTP/1.1 over a UNIX socket to processes of the same user and of root. One request a connection.
final class ControlServer: Sendable {
    /// Connections at a time, with those of deployments. Others are closed at once.
    static let maxConnections = 64
    /// A connection is closed after this time, whatever it waits for, but for requests that may take longer.
    static let timeLimit = TimeAmount.seconds(30)
    /// The largest body of a request, bytes.
    static let maxBodyBytes = 64 << 10

    private let socket: ControlSocket
    private let channel: any Channel
    private let open: NIOLockedValueBox<[ObjectIdentifier: any Channel]>

    private init(
        _ socket: ControlSocket,
        _ channel: any Channel,
        _ open: NIOLockedValueBox<[ObjectIdentifier: any Channel]>
    ) {
        self.socket = socket
        self.channel = channel
        self.open = open
    }

    /// - Parameter timeLimit: for tests.
    static func start(
        on socket: ControlSocket,
        group: any EventLoopGroup,
        timeLimit: TimeAmount = timeLimit,
        respond: @escaping ControlResponder
    ) async throws(ControlSocketError) -> ControlServer {
        let open = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
        let bootstrap = ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                Self.begin(channel, open, timeLimit, respond)
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.withBoundSocket(socket.descriptor).get()
        } catch {
            socket.discard()
            throw ControlSocketError(path: socket.path, reason: "\(error)")
        }
        do throws(ControlSocketError) {
            try socket.activate()
        } catch {
            try? await channel.close().get()
            throw error
        }
        return ControlServer(socket, channel, open)
    }

    /// Removes the file, and closes all connections.
    func stop() async {
        socket.removeFile()
        try? await channel.close().get()
        for connection in open.withLockedValue({ Array($0.values) }) { try? await connection.close().get() }
    }

    private static func begin(
        _ channel: any Channel,
        _ open: NIOLockedValueBox<[ObjectIdentifier: any Channel]>,
        _ timeLimit: TimeAmount,
        _ respond: @escaping ControlResponder
    ) -> EventLoopFuture<Void> {
        let id = ObjectIdentifier(channel)
        let isServed = open.withLockedValue { open in
            guard open.count < maxConnections else { return false }
            open[id] = channel
            return true
        }
        guard isServed else { return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported) }
        channel.closeFuture.whenComplete { _ in open.withLockedValue { $0[id] = nil } }
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET),
            name: SocketOptionName(SO_PEERCRED)
        )
        return credentials.flatMapThrowing { peer in
            guard peer.mayControl(geteuid()) else { throw ChannelError.operationUnsupported }
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
            try pipeline.addHandler(ControlConnection(respond, timeLimit: timeLimit))
        }
    }
}

/// Who is at the other end of a UNIX socket (`SO_PEERCRED`); laid out like `ucred`.
struct PeerCredentials: Sendable {
    var process: pid_t = 0
    var user: uid_t = 0
    var group: gid_t = 0

    /// - Parameter user: of this process.
    func mayControl(_ user: uid_t) -> Bool { self.user == user || self.user == 0 }
}
