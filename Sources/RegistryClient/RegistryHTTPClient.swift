import AsyncHTTPClient
import Glibc
package import NIOCore
import NIOHTTP1
import NIOPosix

/// The HTTP client of one registry, with bounds. It has no deadlines of its own: a request ends when its task is
/// cancelled.
package final class RegistryHTTPClient: Sendable {
    /// The maximum size of a response that is not a stream, bytes.
    package static let maxResponseBytes = 16 << 20
    /// The maximum time until a connection is established.
    static let connectTimeout = TimeAmount.seconds(2)
    /// TCP keep-alive of idle connections, seconds: the first probe, the interval, and the number of probes
    /// without a reply after which the connection is dead.
    static let keepAlive: (idle: Int, interval: Int, count: Int) = (5, 2, 3)

    package enum Failure: Error {
        case connection(String)
        case tooLarge
    }

    /// One loop for the clients of all registries: not one of the data plane's.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let client: HTTPClient

    /// - Throws: `RegistryError` when a file of `tls` cannot be read.
    package init(tls: TLSFiles? = nil) throws(RegistryError) {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: Self.connectTimeout)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.connectionPool.idleTimeout = .seconds(30)
        // The machines decide what follows a failure.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = Self.enableKeepAlive
        if let tls { configuration.tlsConfiguration = try tls.configuration() }
        client = HTTPClient(eventLoopGroupProvider: .shared(Self.group), configuration: configuration)
    }

    /// Sends one request and collects its response of at most `limit` bytes.
    package func send(
        _ request: RegistryRequest,
        limit: Int = RegistryHTTPClient.maxResponseBytes
    ) async throws(Failure) -> RegistryResponse {
        do {
            let response = try await client.execute(Self.message(request), deadline: .distantFuture)
            let body = try await response.body.collect(upTo: limit)
            return RegistryResponse(status: response.status.code, body: body)
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch {
            throw .connection(Self.reason(error))
        }
    }

    /// Sends one request whose response is a stream of lines, each at most `limit` bytes.
    ///
    /// - Parameter receive: called for each line; the next line is read when it has returned.
    /// - Returns: when the stream ends; the body is that of a response whose status is not 200.
    package func lines(
        _ request: RegistryRequest,
        limit: Int = RegistryHTTPClient.maxResponseBytes,
        _ receive: (ByteBuffer) async throws -> Void
    ) async throws -> RegistryResponse {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(Self.message(request), deadline: .distantFuture)
            guard response.status == .ok else {
                return RegistryResponse(
                    status: response.status.code,
                    body: try await response.body.collect(upTo: Self.maxResponseBytes)
                )
            }
        } catch {
            throw Failure.connection(Self.reason(error))
        }
        var splitter = LineSplitter(limit: limit)
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do { piece = try await pieces.next() } catch { throw Failure.connection(Self.reason(error)) }
            guard let piece else {
                return RegistryResponse(status: response.status.code, body: ByteBuffer())
            }
            splitter.append(piece)
            while let line = splitter.next() { try await receive(line) }
            if splitter.isTooLong { throw Failure.tooLarge }
        }
    }

    /// Shuts the client down; running requests fail.
    package func shutDown() async {
        try? await client.shutdown()
    }

    // The client must be shut down before it is released.
    deinit {
        let client = client
        Task { try? await client.shutdown() }
    }

    private static func message(_ request: RegistryRequest) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: request.url)
        message.method = request.method == .post ? .POST : .GET
        for (name, value) in request.fields { message.headers.add(name: name, value: value) }
        if let body = request.body { message.body = .bytes(body) }
        return message
    }

    @Sendable private static func enableKeepAlive(_ channel: any Channel) -> EventLoopFuture<Void> {
        let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
            (.socketOption(.so_keepalive), 1),
            (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), SocketOptionValue(keepAlive.idle)),
            (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), SocketOptionValue(keepAlive.interval)),
            (.tcpOption(.init(rawValue: TCP_KEEPCNT)), SocketOptionValue(keepAlive.count)),
        ]
        // A Unix socket has none of these options, and does not need them.
        guard channel.remoteAddress?.port != nil else { return channel.eventLoop.makeSucceededVoidFuture() }
        return .andAllSucceed(options.map { channel.setOption($0, value: $1) }, on: channel.eventLoop)
            .flatMapError { _ in channel.eventLoop.makeSucceededVoidFuture() }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case is CancellationError: "cancelled"
        default: "\(error)"
        }
    }
}
