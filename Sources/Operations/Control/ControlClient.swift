import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends requests to the control socket of a tier, for commands.
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

    private let address: ControlAddress

    package init(_ address: ControlAddress) {
        self.address = address
    }

    /// - Parameters:
    ///   - path: its segments, not encoded.
    ///   - body: nil: none.
    ///   - statuses: whose responses have a value.
    func send<Value: Decodable>(
        _ method: HTTPMethod,
        _ path: [String],
        body: (any Encodable)? = nil,
        as type: Value.Type = Value.self,
        accepting statuses: Set<Int> = [200],
        timeLimit: TimeAmount = ControlClient.timeLimit
    ) async throws(Problem) -> Value {
        let response = try await send(method, path, body: body, timeLimit: timeLimit)
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

    private func send(
        _ method: HTTPMethod,
        _ path: [String],
        body: (any Encodable)?,
        timeLimit: TimeAmount
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
            channel = try await bootstrap.connect(unixDomainSocketPath: address.path).get()
        } catch {
            result.fail(error)
            _ = try? await result.futureResult.get()
            throw Problem(kind: .unreachable, description: Self.reason(error, address.path))
        }
        let deadline = channel.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
        defer { deadline.cancel() }
        do {
            let bytes = try body.map { try JSONEncoder().encode($0) } ?? Data()
            let head = Self.head(method, path, bytes.count)
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            let content = IOData.byteBuffer(ByteBuffer(bytes: bytes))
            channel.write(HTTPClientRequestPart.body(content), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return try await result.futureResult.get()
        } catch {
            channel.close(promise: nil)
            throw Problem(
                kind: .unreachable,
                description: "\(address.path): the tier closed the connection without a response"
            )
        }
    }

    private static func head(_ method: HTTPMethod, _ path: [String], _ length: Int) -> HTTPRequestHead {
        let safe = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: "/;"))
        let segments = path.map { $0.addingPercentEncoding(withAllowedCharacters: safe) ?? "" }
        return HTTPRequestHead(
            version: .http1_1,
            method: method,
            uri: "/" + segments.joined(separator: "/"),
            headers: ["Host": "berth", "Content-Length": "\(length)"]
        )
    }

    private static func reason(_ error: any Error, _ path: String) -> String {
        switch (error as? IOError)?.errnoCode {
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
