import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The HTTP client of one registry, with bounds. Its deadlines are its caller's: a call ends when its task
/// is cancelled.
final class RegistryHTTPClient: Sendable {
    /// The largest answer that is not a stream, bytes.
    static let maxAnswerBytes = 16 << 20
    /// How long a connection may take to be there.
    static let connectLimit = TimeAmount.seconds(2)
    /// An idle connection is asked for a sign of life after this, seconds, and then every so often, and is
    /// dead after so many without one (the kernel's keep-alive).
    static let keepAlive: (idle: Int, interval: Int, count: Int) = (5, 2, 3)

    struct Answer: Sendable {
        let status: UInt
        let body: ByteBuffer
    }

    enum Failure: Error {
        case connection(String)
        case tooLarge
    }

    private let client: HTTPClient

    /// - Throws: `RegistryError` when a file of `tls` can't be read.
    init(tls: TLSFiles? = nil) throws(RegistryError) {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: Self.connectLimit)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.connectionPool.idleTimeout = .seconds(30)
        // What to do next is the machines' decision.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = Self.watchOver
        if let tls { configuration.tlsConfiguration = try tls.configuration() }
        client = HTTPClient(
            eventLoopGroupProvider: .shared(ControlPlane.group),
            configuration: configuration
        )
    }

    /// One request; the whole answer, at most `limit` bytes.
    func call(
        _ request: HTTPClientRequest,
        limit: Int = RegistryHTTPClient.maxAnswerBytes
    ) async throws(Failure) -> Answer {
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            let body = try await response.body.collect(upTo: limit)
            return Answer(status: response.status.code, body: body)
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch {
            throw .connection(Self.words(error))
        }
    }

    /// One request whose answer is lines that come as they happen, each at most `limit` bytes. Returns
    /// when the stream ends; then the whole of an answer that was not 200.
    func lines(
        _ request: HTTPClientRequest,
        limit: Int = RegistryHTTPClient.maxAnswerBytes,
        _ take: (ByteBuffer) async throws -> Void
    ) async throws -> Answer {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: .distantFuture)
            guard response.status == .ok else {
                return Answer(
                    status: response.status.code,
                    body: try await response.body.collect(upTo: Self.maxAnswerBytes)
                )
            }
        } catch {
            throw Failure.connection(Self.words(error))
        }
        var splitter = LineSplitter(limit: limit)
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do { piece = try await pieces.next() } catch { throw Failure.connection(Self.words(error)) }
            guard let piece else { return Answer(status: response.status.code, body: ByteBuffer()) }
            splitter.append(piece)
            while let line = splitter.next() { try await take(line) }
            if splitter.isTooLong { throw Failure.tooLarge }
        }
    }

    /// Ends the client; running calls fail.
    func shutDown() async {
        try? await client.shutdown()
    }

    // A client must not go without having been shut down.
    deinit {
        let client = client
        Task { try? await client.shutdown() }
    }

    @Sendable private static func watchOver(_ channel: any Channel) -> EventLoopFuture<Void> {
        let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
            (.socketOption(.so_keepalive), 1),
            (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), SocketOptionValue(keepAlive.idle)),
            (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), SocketOptionValue(keepAlive.interval)),
            (.tcpOption(.init(rawValue: TCP_KEEPCNT)), SocketOptionValue(keepAlive.count)),
        ]
        // A Unix socket has none of these, and needs none.
        guard channel.remoteAddress?.port != nil else { return channel.eventLoop.makeSucceededVoidFuture() }
        return .andAllSucceed(options.map { channel.setOption($0, value: $1) }, on: channel.eventLoop)
            .flatMapError { _ in channel.eventLoop.makeSucceededVoidFuture() }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case is CancellationError: "cancelled"
        default: "\(error)"
        }
    }
}

/// The loop that all registries share: not one of the data plane's.
enum ControlPlane {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}

/// Cuts a stream into lines; a line is at most `limit` bytes.
struct LineSplitter {
    let limit: Int
    private var rest = ByteBuffer()
    /// Bytes of `rest` that were already searched.
    private var searched = 0

    init(limit: Int) { self.limit = limit }

    var isTooLong: Bool { rest.readableBytes > limit }

    mutating func append(_ piece: ByteBuffer) {
        var piece = piece
        if rest.readableBytes == 0 {
            rest = piece
            searched = 0
        } else {
            rest.writeBuffer(&piece)
        }
    }

    /// The next whole line without its end; empty ones are passed over.
    mutating func next() -> ByteBuffer? {
        while true {
            let view = rest.readableBytesView
            guard let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) else {
                searched = view.count
                rest.discardReadBytes()
                return nil
            }
            let length = end - view.startIndex
            let line = rest.readSlice(length: length)
            rest.moveReaderIndex(forwardBy: 1)
            searched = 0
            if let line, line.readableBytes > 0 { return line }
        }
    }
}
