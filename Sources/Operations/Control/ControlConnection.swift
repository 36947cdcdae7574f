import NIOCore
import NIOHTTP1

/// Collects one request, and writes its response. On its event loop alone.
final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case head
        case body(HTTPRequestHead, ByteBuffer)
        case responding
    }

    private let respond: ControlResponder
    private var state = State.head

    init(_ respond: @escaping ControlResponder) {
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .head):
            state = .body(head, ByteBuffer())
        case (.body(var bytes), .body(let head, var body)):
            guard body.readableBytes + bytes.readableBytes <= ControlServer.maxBodyBytes else {
                let message = "the body is larger than \(ControlServer.maxBodyBytes) bytes"
                return write(.error(413, message), context)
            }
            body.writeBuffer(&bytes)
            state = .body(head, body)
        case (.end, .body(let head, let body)):
            begin(head, body, context)
        default:
            // What follows the request: the connection closes after its response.
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func begin(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        state = .responding
        let request = ControlRequest(
            method: head.method.rawValue,
            target: head.uri,
            body: Array(body.readableBytesView)
        )
        guard let request else { return write(.error(400, "the path is not valid"), context) }
        let respond = respond
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { await respond(request) }
            .whenSuccess { response in
                let (handler, context) = bound.value
                handler.write(response, context)
            }
    }

    private func write(_ response: ControlResponse, _ context: ChannelHandlerContext) {
        state = .responding
        guard context.channel.isActive else { return }
        let fields: HTTPHeaders = [
            "Content-Type": "application/json", "Content-Length": "\(response.body.count)",
            "Connection": "close",
        ]
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: response.status),
            headers: fields
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }
}
