import Bytes
import FoundationEssentials
import Glibc
import Routing
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends requests to the admin interface of a tier, for commands.
package struct ControlClient: Sendable {
    /// How long a response may take.
    static let timeLimit = TimeAmount.seconds(30)
    /// The largest response, bytes.
    static let maxResponseBytes = 256 << 20

    /// Why there is no result: a message, and whether it comes from the tier.
    package struct Problem: Error, CustomStringConvertible {
        package enum Kind: Sendable {
            /// There is no tier, or it does not respond.
            case unreachable
            /// The name or the endpoint does not exist.
            case notFound
            case refused
        }

        package let kind: Kind
        package let description: String
    }

    private let address: AdminAddress
    /// Nil: the socket needs none.
    private let token: String?

    package init(_ address: ControlAddress) {
        self.init(.socket(address))
    }

    package init(_ address: AdminAddress, token: String? = nil) {
        self.address = address
        self.token = token
    }

    /// - Parameters:
    ///   - path: its segments, not encoded.
    ///   - body: nil: none.
    ///   - statuses: whose responses have a value.
    ///   - query: its names and values, not encoded.
    func send<Value: Decodable>(
        _ method: HTTPMethod,
        _ path: [String],
        query: [(name: String, value: String)] = [],
        body: (any Encodable)? = nil,
        as type: Value.Type = Value.self,
        accepting statuses: Set<Int> = [200],
        timeLimit: TimeAmount = ControlClient.timeLimit
    ) async throws(Problem) -> Value {
        let response = try await response(method, path, query: query, body: body, timeLimit: timeLimit)
        guard statuses.contains(response.status) else {
            throw Problem(
                kind: response.status == 404 ? .notFound : .refused,
                description: response.error ?? "the tier responded with status \(response.status)"
            )
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(Value.self, from: Data(response.body))
        } catch {
            throw Problem(
                kind: .refused,
                description: "the tier's response has another form; use the same version of berth"
            )
        }
    }

    func response(
        _ method: HTTPMethod,
        _ path: [String],
        query: [(name: String, value: String)] = [],
        body: (any Encodable)? = nil,
        timeLimit: TimeAmount = ControlClient.timeLimit
    ) async throws(Problem) -> ControlResponse {
        let group = MultiThreadedEventLoopGroup.singleton
        let result = group.next().makePromise(of: ControlResponse.self)
        let bootstrap = ClientBootstrap(group: group).connectTimeout(Self.timeLimit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(
                        NIOHTTPClientResponseAggregator(maxContentLength: Self.maxResponseBytes)
                    )
                    try pipeline.addHandler(ControlExchange(result))
                }
            }
        let channel: any Channel
        do {
            channel = try await connect(bootstrap)
        } catch {
            result.fail(error)
            _ = try? await result.futureResult.get()
            throw Problem(kind: .unreachable, description: reason(error))
        }
        let deadline = channel.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
        defer { deadline.cancel() }
        do {
            let bytes = try body.map { try JSONEncoder().encode($0) } ?? Data()
            let head = head(method, path, query, bytes.count)
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            let content = IOData.byteBuffer(ByteBuffer(bytes: bytes))
            channel.write(HTTPClientRequestPart.body(content), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return try await result.futureResult.get()
        } catch {
            channel.close(promise: nil)
            throw Problem(
                kind: .unreachable,
                description: "\(place): the tier closed the connection without a response"
            )
        }
    }

    private func connect(_ bootstrap: ClientBootstrap) async throws -> any Channel {
        switch address {
        case .socket(let socket): try await bootstrap.connect(unixDomainSocketPath: socket.path).get()
        case .endpoint(let endpoint):
            try await bootstrap.connect(
                to: SocketAddress(ipAddress: "\(endpoint.address)", port: Int(endpoint.port))
            ).get()
        }
    }

    private func head(
        _ method: HTTPMethod,
        _ path: [String],
        _ query: [(name: String, value: String)],
        _ length: Int
    ) -> HTTPRequestHead {
        let segments = path.map(PercentEncoding.encoded)
        let items = query.map { item in item.name + "=" + PercentEncoding.encoded(item.value) }
        var headers: HTTPHeaders = ["Content-Length": "\(length)", "Content-Type": "application/json"]
        switch address {
        case .socket: headers.add(name: "Host", value: "berth")
        case .endpoint(let endpoint): headers.add(name: "Host", value: "\(endpoint)")
        }
        if let token { headers.add(name: "Authorization", value: "Bearer \(token)") }
        return HTTPRequestHead(
            version: .http1_1,
            method: method,
            uri: "/" + segments.joined(separator: "/")
                + (items.isEmpty ? "" : "?" + items.joined(separator: "&")),
            headers: headers
        )
    }

    /// The tier, in messages.
    private var place: String {
        switch address {
        case .socket(let socket): socket.path
        case .endpoint(let endpoint): "\(endpoint)"
        }
    }

    private func reason(_ error: any Error) -> String {
        guard case .socket(let socket) = address else {
            let code = (error as? IOError).map { String(cString: strerror($0.errnoCode)) }
            return "no tier responds at \(place): \(code ?? "\(error)")"
        }
        let path = socket.path
        return switch (error as? IOError)?.errnoCode {
        case ENOENT:
            "there is no socket at \(path): start the tier with --admin unix:\(path), or name its socket with --admin"
        case ECONNREFUSED: "no tier listens to \(path): the one that made this socket has ended"
        case EACCES: "\(path): permission denied: use the user of the tier, or root"
        default: "\(path): \(error)"
        }
    }
}

/// Waits for one response. On its event loop alone.
private final class ControlExchange: ChannelInboundHandler {
    typealias InboundIn = NIOHTTPClientResponseFull

    private var result: EventLoopPromise<ControlResponse>?

    init(_ result: EventLoopPromise<ControlResponse>) {
        self.result = result
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let response = unwrapInboundIn(data)
        result?.succeed(
            ControlResponse(
                status: Int(response.head.status.code),
                body: response.body.map { Array($0.readableBytesView) } ?? []
            )
        )
        result = nil
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        result?.fail(ChannelError.eof)
        result = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        result?.fail(error)
        result = nil
        context.close(promise: nil)
    }
}
