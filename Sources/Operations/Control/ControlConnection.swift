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
    private let gate: AdminGate
    private let timeLimit: TimeAmount
    /// How long the request may take to arrive.
    private let requestLimit: TimeAmount
    /// The method is HEAD: the response has no body.
    private var leavesBodyOut = false
    private var state = State.head
    /// Closes the connection.
    private var deadline: Scheduled<Void>?
    /// What responds to the request.
    private var task: Task<Void, Never>?

    init(
        _ respond: @escaping ControlResponder,
        gate: AdminGate,
        timeLimit: TimeAmount,
        requestLimit: TimeAmount
    ) {
        self.respond = respond
        self.gate = gate
        self.timeLimit = timeLimit
        self.requestLimit = requestLimit
    }

    func handlerAdded(context: ChannelHandlerContext) { setDeadline(requestLimit, context) }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        // Nobody waits for the response: a deployment that has changed nothing yet ends.
        task?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ControlConnections.End else { return context.fireUserInboundEventTriggered(event) }
        if case .responding = state { return }
        context.close(promise: nil)
    }

    private func setDeadline(_ limit: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .head):
            leavesBodyOut = head.method == .HEAD
            let size =
                head.uri.utf8.count + head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
            guard size <= ControlServer.maxHeadBytes else {
                return write(
                    .error(431, "the head is larger than \(ControlServer.maxHeadBytes) bytes"),
                    context
                )
            }
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
        if case .responding = state { return context.close(promise: nil) }
        write(.error(400, "the request is not valid HTTP/1.1"), context)
    }

    private func begin(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        state = .responding
        let level: ControlRoute.Level
        do throws(ControlRefusal) {
            level = try gate.admit(head, hasBody: body.readableBytes > 0)
        } catch {
            return write(.error(error.status, error.message), context)
        }
        var request = ControlRequest(
            method: head.method.rawValue,
            target: head.uri,
            body: Array(body.readableBytesView),
            level: level
        )
        request?.isLocal = gate.isLocal
        guard let request else { return write(.error(400, "the path is not valid"), context) }
        setDeadline(timeLimit + (request.timeLimit ?? .zero), context)
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
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: response.status),
            headers: AdminHeaders.fields(of: response)
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !leavesBodyOut {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }
}
