import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Proxy
import Routing
import Glibc

/// What responds to a request.
typealias ControlResponder = @Sendable (ControlRequest) async -> ControlResponse

/// Serves HTTP/1.1 over a UNIX socket to processes of the same user and of root, or at an address to those that have a
/// token. One request a connection.
final class ControlServer: Sendable {
    /// Connections at a time, with those of deployments. Others are closed at once.
    static let maxConnections = 64
    /// … of one address: a client without a token does not lock the others out.
    static let maxPerClient = 32
    /// A connection is closed after this time, whatever it waits for, but for requests that may take longer.
    static let timeLimit = TimeAmount.seconds(30)
    /// At an address a request has to arrive within this time: anybody may connect.
    static let requestLimit = TimeAmount.seconds(10)
    /// The largest body of a request, bytes.
    static let maxBodyBytes = 64 << 10
    /// The largest head of a request, bytes.
    static let maxHeadBytes = 16 << 10

    private enum Listening {
        case socket(ControlSocket, any Channel)
        case port(ControlPort)
    }

    private let listening: Listening
    private let connections: ControlConnections
    private let responder: NIOLockedValueBox<ControlResponder?>

    private init(
        _ listening: Listening,
        _ connections: ControlConnections,
        _ responder: NIOLockedValueBox<ControlResponder?>
    ) {
        self.listening = listening
        self.connections = connections
        self.responder = responder
    }

    /// - Parameters:
    ///   - activates: false: commands come from `activate` on.
    ///   - groupMayRead: the group of the socket's file looks at the tier: the system lets nobody else connect.
    ///   - hosts: names that `Host` may have.
    ///   - timeLimit: for tests.
    static func start(
        on socket: ControlSocket,
        activates: Bool = true,
        group: any EventLoopGroup,
        groupMayRead: Bool = false,
        hosts: [String] = [],
        timeLimit: TimeAmount = timeLimit,
        respond: @escaping ControlResponder
    ) async throws(ControlSocketError) -> ControlServer {
        let connections = ControlConnections(limit: maxConnections, perClient: maxPerClient)
        let bootstrap = ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                guard connections.enter(channel) else { return refused(channel) }
                return peer(channel).flatMapThrowing { peer in
                    let level: ControlRoute.Level? =
                        peer.mayControl(geteuid()) ? .operate : groupMayRead ? .read : nil
                    guard let level else { throw ChannelError.operationUnsupported }
                    let gate = AdminGate(.peer(level), hosts: hosts)
                    try configure(
                        channel,
                        ControlConnection(respond, gate: gate, timeLimit: timeLimit, requestLimit: timeLimit)
                    )
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.withBoundSocket(socket.descriptor).get()
        } catch {
            socket.discard()
            throw ControlSocketError(path: socket.path, reason: "\(error)")
        }
        do throws(ControlSocketError) {
            if activates { try socket.activate() }
        } catch {
            try? await channel.close().get()
            throw error
        }
        return ControlServer(.socket(socket, channel), connections, NIOLockedValueBox(respond))
    }

    /// Binds an address; clients are served from `begin` on.
    ///
    /// - Parameters:
    ///   - sharesPort: another instance may listen there: one that drains.
    ///   - inherited: from the process before.
    ///   - tokens: of the clients.
    ///   - requestLimit: for tests.
    static func bind(
        to endpoint: Endpoint,
        sharesPort: Bool,
        inherited: inout InheritedSockets,
        group: any EventLoopGroup,
        tokens: AdminTokens,
        hosts: [String] = [],
        requestLimit: TimeAmount = requestLimit
    ) async throws(ControlSocketError) -> ControlServer {
        let connections = ControlConnections(limit: maxConnections, perClient: maxPerClient)
        let responder = NIOLockedValueBox<ControlResponder?>(nil)
        let gate = AdminGate(.tokens(tokens), hosts: hosts)
        let port: ControlPort
        do throws(IOError) {
            port = try await ControlPort.listen(
                at: endpoint,
                sharesPort: sharesPort,
                accepts: false,
                inherited: &inherited,
                group: group
            ) { channel in
                guard connections.enter(channel), let respond = responder.withLockedValue({ $0 }) else {
                    return refused(channel)
                }
                return channel.eventLoop.makeCompletedFuture {
                    try configure(
                        channel,
                        ControlConnection(
                            respond,
                            gate: gate,
                            timeLimit: timeLimit,
                            requestLimit: requestLimit
                        )
                    )
                }
            }
        } catch {
            throw ControlSocketError(
                path: "\(endpoint)",
                reason: String(cString: strerror(error.errnoCode))
            )
        }
        return ControlServer(.port(port), connections, responder)
    }

    /// Serves the clients of an address, also those that have connected before.
    func begin(_ respond: @escaping ControlResponder) {
        responder.withLockedValue { $0 = respond }
        port?.accept()
    }

    /// Nil: a UNIX socket.
    var port: ControlPort? { if case .port(let port) = listening { port } else { nil } }

    /// Puts the file into its place.
    func activate() throws(ControlSocketError) {
        if case .socket(let socket, _) = listening { try socket.activate() }
    }

    /// Removes the file, and ends all connections: clients get the responses that they wait for.
    func stop() async {
        switch listening {
        case .socket(let socket, let channel):
            socket.removeFile()
            try? await channel.close().get()
        case .port(let port): await port.release()
        }
        await connections.end()
    }

    private static func refused(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    private static func peer(_ channel: any Channel) -> EventLoopFuture<PeerCredentials> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        return options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET),
            name: SocketOptionName(SO_PEERCRED)
        )
    }

    private static func configure(_ channel: any Channel, _ connection: ControlConnection) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(connection)
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
