import Transports
import HTTP1
import NIOCore
import ProxyCore
import TLS

/// One HTTP/1 connection to an endpoint: it is idle, or carries one exchange.
///
/// It owns the bytes that come from the endpoint, and parses the response with the same strictness as requests.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class UpstreamConnection: ExchangeUpstream, TransportOwner, @unchecked Sendable {
    private enum Phase {
        case idle
        case head
        case body(BodyForm)
        case closed
    }

    let upstream: Upstream
    var idleSince: NIODeadline = .uptimeNanoseconds(0)

    private let worker: Worker
    /// Nil before the connection is made, and after its end.
    private var transport: (any Transport)?
    private var phase = Phase.idle
    private var inbound = ByteBuffer()
    /// How far the search for the head's end has come.
    private var scanned = 0
    private var decoder = BodyDecoder(.none)
    /// The exchange that is carried; nil while idle.
    private var exchange: Exchange?
    /// The endpoint keeps the connection open after the response that is under way.
    private var keepsAlive = false
    private var progress = WriteProgress()
    /// What it was opened with; nil: without TLS.
    private let security: TLSClientContext?
    let handshakeBegan: NIODeadline?

    /// - Parameter transport: what `begin` will be given the stream of.
    init(worker: Worker, upstream: Upstream, _ transport: UpstreamTransport) {
        self.worker = worker
        self.upstream = upstream
        security = transport.security
        handshakeBegan = transport.handshakeBegan
    }

    /// The connection has been made.
    func begin(_ transport: any Transport) {
        self.transport = transport
        transport.owner = self
    }

    // MARK: ExchangeUpstream

    var isUsable: Bool {
        if case .idle = phase { transport?.isActive == true && security?.isReplaced != true } else { false }
    }

    var hasNoPendingInput: Bool { transport?.hasPendingInput != true }

    var isReusable: Bool { keepsAlive }

    var isWritable: Bool { transport?.isWritable == true }

    var hasUnsentRequest: Bool {
        guard let transport, transport.waitingBytes == 0 else { return transport != nil }
        return progress.written > DataPathConstants.watchedRequestBytes && transport.unacknowledgedBytes > 0
    }

    /// Queries the kernel only where some of the bytes may still be in its buffer.
    func hasProgressed() -> Bool {
        guard let transport else { return false }
        let waiting = transport.waitingBytes
        guard waiting > 0 || progress.written > DataPathConstants.watchedRequestBytes else { return false }
        return progress.advanced(waiting: waiting &+ transport.unacknowledgedBytes)
    }

    func send(_ request: ByteBuffer, for exchange: Exchange) {
        self.exchange = exchange
        progress.restart()
        phase = .head
        scanned = 0
        sendBody(request)
    }

    func sendBody(_ bytes: ByteBuffer) {
        progress.wrote(bytes.readableBytes)
        transport?.write(bytes)
    }

    func flush() {
        transport?.flush()
    }

    func resumeReading() {
        transport?.resumeReading()
    }

    func peerResponds() -> Bool { transport?.peerResponds() ?? true }

    func cancel() {
        close()
    }

    func close() {
        if case .closed = phase { return }
        phase = .closed
        exchange = nil
        transport?.close()
        transport = nil
    }

    // MARK: TransportOwner

    var acceptsBytes: Bool { exchange?.acceptsResponse ?? true }

    func received(_ bytes: inout ByteBuffer) {
        switch phase {
        case .idle:
            // Whatever it is, it must not become the beginning of the next response.
            upstream.remove(self)
            close()
        case .closed:
            break
        case .head, .body:
            inbound.appendRead(&bytes)
            bytes = ByteBuffer()
            exchange?.upstreamSent()
            process()
        }
    }

    func readCompleted() {
        exchange?.flushResponse()
    }

    func becameWritable() {
        if isWritable { exchange?.upstreamBecameWritable() }
    }

    func inputEnded() {
        ended(failed: false)
    }

    /// An orderly end is reported by `inputEnded` before.
    func closed(failed: Bool) {
        ended(failed: true)
    }

    // MARK: The response

    private func process() {
        while true {
            switch phase {
            case .head:
                guard inbound.readableBytes > 0, parseHead() else { return inbound.keep() }
            case .body(let form):
                passBody(form)
                return inbound.keep()
            case .idle, .closed:
                return
            }
        }
    }

    /// True when a head was taken and there is more to process.
    private func parseHead() -> Bool {
        guard let exchange else { return false }
        let source = inbound
        do {
            let complete = try worker.responseHead.parse(
                source.readableBytesUInt8Span,
                scanned: &scanned,
                limits: worker.context.settings.limits.head,
                requestMethod: exchange.method
            )
            guard complete else { return false }
        } catch {
            fail(Failure(error))
            return false
        }
        inbound.moveReaderIndex(forwardBy: worker.responseHead.length)
        scanned = 0
        keepsAlive = worker.responseHead.keepAlive
        decoder = BodyDecoder(worker.responseHead.framing, limits: worker.context.settings.limits.head)
        switch exchange.responseHead(worker.responseHead, source) {
        case .interim:
            return true
        case .body(let form):
            phase = .body(form)
            return true
        case .tunnel:
            handOver(to: exchange)
            return false
        case .over:
            return false
        }
    }

    private func handOver(to exchange: Exchange) {
        guard let transport else { return }
        let early = inbound
        phase = .closed
        self.exchange = nil
        self.transport = nil
        inbound = ByteBuffer()
        exchange.startTunnel(TunnelEnd(transport, early: early, inputEnded: false))
    }

    /// Passes on what has arrived of the body.
    private func passBody(_ form: BodyForm) {
        guard let exchange else { return }
        var offset = 0
        let source = inbound
        var ended = decoder.isComplete
        do {
            switch form {
            case .framed:
                pieces: while !ended {
                    switch try decoder.nextRun(source.readableBytesUInt8Span, offset: &offset) {
                    case .pass(let range): exchange.responseBody(source, range)
                    case .needMore: break pieces
                    case .end: ended = true
                    }
                }
            case .content:
                pieces: while !ended {
                    switch try decoder.next(source.readableBytesUInt8Span, offset: &offset) {
                    case .data(let range): exchange.responseBody(source, range)
                    case .trailer(let line): exchange.responseTrailer(source, line)
                    case .framing, .skipped: continue
                    case .needMore: break pieces
                    case .end: ended = true
                    }
                }
            }
        } catch {
            let bodyBytes = decoder.bodyBytes
            close()
            exchange.responseInvalid(Failure(responseBody: error), bodyBytes: bodyBytes)
            return
        }
        inbound.moveReaderIndex(forwardBy: offset)
        exchange.responseBodyPassed(bodyBytes: decoder.bodyBytes)
        if ended { complete() }
    }

    /// The response is complete: idle again, or closed where the endpoint sent bytes after it.
    private func complete() {
        guard let exchange else { return }
        let clean = inbound.readableBytes == 0
        inbound = ByteBuffer()
        self.exchange = nil
        if clean {
            phase = .idle
        } else {
            close()
        }
        exchange.responseEnded()
    }

    private func fail(_ failure: Failure) {
        let exchange = self.exchange
        close()
        exchange?.upstreamLost(failure)
    }

    /// The endpoint sends no more.
    ///
    /// - Parameter failed: it ended by an error: a response that ends by close is not complete.
    private func ended(failed: Bool) {
        switch phase {
        case .idle:
            upstream.remove(self)
            close()
        case .head:
            fail(worker.alert(of: transport, to: upstream) ?? Failure(.connectionReset))
        case .body:
            guard !failed, let exchange, (try? decoder.finish()) != nil else {
                return fail(Failure(.responseIncomplete))
            }
            self.exchange = nil
            close()
            exchange.responseEnded()
        case .closed:
            break
        }
    }
}
