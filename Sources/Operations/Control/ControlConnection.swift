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
    private let timeLimit: TimeAmount
    private var state = State.head
    /// Closes the connection.
    private var deadline: Scheduled<Void>?
    /// What responds to the request.
    private var task: Task<Void, Never>?

    init(_ respond: @escaping ControlResponder, timeLimit: TimeAmount) {
        self.respond = respond
        self.timeLimit = timeLimit
    }

    func handlerAdded(context: ChannelHandlerContext) { setDeadline(timeLimit, context) }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        // Nobody waits for the response: a deployment that has changed nothing yet ends.
        task?.cancel()
    }

    private func setDeadline(_ limit: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
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
        if let limit = request.timeLimit { setDeadline(timeLimit + limit, context) }
        let respond = respond
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        task = Task {
            let response = await respond(request)
            loop.execute {
                let (handler, context) = bound.value
                handler.write(response, context)
            }
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
