import Metrics
import NIOCore
import NIOHTTP1

/// Reads one request, and writes its response: the metrics, for `GET` or `HEAD` of `/metrics`. On its event loop alone.
final class MetricsConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let text: @Sendable () async throws(ControlRefusal) -> [UInt8]
    private var head: HTTPRequestHead?
    private var hasResponded = false

    init(_ text: @escaping @Sendable () async throws(ControlRefusal) -> [UInt8]) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = self.head ?? head
        // A request for metrics has none: what comes is read and passed over.
        case .body: break
        case .end:
            guard let head, !hasResponded else { return }
            hasResponded = true
            respond(to: head, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ControlConnections.End else { return context.fireUserInboundEventTriggered(event) }
        if !hasResponded { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = head.uri.prefix { $0 != "?" }
        guard path == "/metrics" else {
            return write(.notFound, Array("there is /metrics alone\n".utf8), head, context)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return write(.methodNotAllowed, Array("use GET or HEAD\n".utf8), head, context)
        }
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        Task { [text] in
            let result: Result<[UInt8], ControlRefusal>
            do throws(ControlRefusal) {
                result = .success(try await text())
            } catch {
                result = .failure(error)
            }
            loop.execute {
                let (handler, context) = bound.value
                switch result {
                case .success(let text):
                    handler.write(.ok, text, head, context, type: MetricsText.contentType)
                case .failure(let refusal):
                    let status = HTTPResponseStatus(statusCode: refusal.status)
                    handler.write(status, Array("\(refusal.message)\n".utf8), head, context)
                }
            }
        }
    }

    private func write(
        _ status: HTTPResponseStatus,
        _ body: [UInt8],
        _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext,
        type: String = "text/plain; charset=utf-8"
    ) {
        guard context.channel.isActive else { return }
        var fields: HTTPHeaders = [
            "Content-Type": type, "Content-Length": "\(body.count)", "Connection": "close",
            "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        ]
        if status == .methodNotAllowed { fields.add(name: "Allow", value: "GET, HEAD") }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }
}
