import HTTP1
import NIOCore
package import NIOPosix
import Proxy
import ProxyCore
package import Routing
import SystemSupport

/// A web server that stands for a container in the demo: it responds with its name and the request as it arrived.
package final class DemoContainer: Sendable {
    private let channel: any Channel
    /// The address that it listens on, with the actual port if 0 was given.
    package let endpoint: Endpoint

    private init(channel: any Channel, endpoint: Endpoint) {
        self.channel = channel
        self.endpoint = endpoint
    }

    /// - Parameter greeting: the first line of the response.
    /// - Throws: `SystemError` where it cannot listen.
    package static func start(
        greeting: String,
        at endpoint: Endpoint,
        group: MultiThreadedEventLoopGroup
    ) async throws -> DemoContainer {
        let channel: any Channel
        do {
            channel = try await bind(greeting, endpoint, group)
        } catch let error as IOError {
            throw SystemError("cannot listen on \(endpoint)", errno: error.errnoCode)
        }
        let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? endpoint.port
        return DemoContainer(channel: channel, endpoint: Endpoint(address: endpoint.address, port: port))
    }

    private static func bind(
        _ greeting: String,
        _ endpoint: Endpoint,
        _ group: MultiThreadedEventLoopGroup
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DemoHandler(greeting: greeting))
                }
            }
            .bind(host: endpoint.address.description, port: Int(endpoint.port))
            .get()
    }

    package func stop() async {
        try? await channel.close().get()
    }
}

/// Responds to each request with the request's own head, as plain text.
private final class DemoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let greeting: String
    private var head = RequestHead()
    private var scanned = 0
    private var inbound = ByteBuffer()
    private var body: BodyDecoder?
    private var shown = ""

    init(greeting: String) {
        self.greeting = greeting
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        inbound.writeBuffer(&bytes)
        do {
            while try parseHead(), try skipBody() { respond(context) }
        } catch {
            context.close(promise: nil)
        }
    }

    private func parseHead() throws -> Bool {
        if body != nil { return true }
        let source = inbound
        let complete = try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: .default)
        guard complete else { return false }
        shown = inbound.getString(at: inbound.readerIndex, length: head.length) ?? ""
        inbound.moveReaderIndex(forwardBy: head.length)
        scanned = 0
        body = BodyDecoder(head.framing)
        return true
    }

    private func skipBody() throws -> Bool {
        guard var decoder = body else { return false }
        var offset = 0
        var ended = false
        let source = inbound
        pieces: while true {
            switch try decoder.nextRun(source.readableBytesUInt8Span, offset: &offset) {
            case .pass: continue
            case .needMore: break pieces
            case .end:
                ended = true
                break pieces
            }
        }
        inbound.moveReaderIndex(forwardBy: offset)
        inbound.discardReadBytes()
        body = ended ? nil : decoder
        return ended
    }

    private func respond(_ context: ChannelHandlerContext) {
        let text = "\(greeting)\n\nThe request as it arrived here:\n\n\(shown)"
        var out = context.channel.allocator.buffer(capacity: 512)
        out.writeString("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n")
        out.writeString("Content-Length: \(text.utf8.count)\r\n")
        out.writeString(head.keepAlive ? "\r\n" : "Connection: close\r\n\r\n")
        if head.method != .head { out.writeString(text) }
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        if !head.keepAlive { context.close(mode: .output, promise: nil) }
    }
}
