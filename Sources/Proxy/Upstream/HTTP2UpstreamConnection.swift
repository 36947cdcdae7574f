import HTTP1
import HTTP2
import NIOCore
import ProxyCore
import Routing
import TLS
import Transports

/// One HTTP/2 connection to an endpoint, whose streams carry an exchange each.
///
/// It passes what arrives to its streams, sends what they have to send, watches whether the peer is alive, and ends when it
/// is old, idle, or told to.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class HTTP2UpstreamConnection: TransportOwner, HTTP2Receiver, @unchecked Sendable {
    let upstream: Upstream
    let worker: Worker
    let session: HTTP2Session
    /// Of heads and of trailers.
    let limits: HeadLimits

    /// Lives as long as the upstream.
    private unowned let group: HTTP2UpstreamGroup
    /// Nil after its end.
    private(set) var transport: (any Transport)?
    /// What it was opened with; nil: without TLS.
    private let security: TLSClientContext?
    /// Places that were given away, and whose request was not sent yet.
    private var reserved = 0
    /// No further stream: it is old, or the peer has said so.
    private var isRetired = false
    /// The peer has refused a stream: it takes no other until one has ended.
    private var isFull = false
    /// The last stream that the peer has processed, or may process (GOAWAY).
    private var lastStream = Int32.max
    private let retiresAt: NIODeadline
    /// Since when the connection has had no stream.
    private var idleSince: NIODeadline
    private var hasSettings = false
    private var hasReceived = false

    private var lastInput: NIODeadline
    var rest = ByteBuffer()
    /// When the PING was sent that is not acknowledged yet.
    private var pinged: NIODeadline?

    /// Whose part of the response is in the loop's buffers.
    private var current: HTTP2UpstreamStream?
    /// Those that the read has brought something.
    private var touched: [HTTP2UpstreamStream] = []
    private var waiters: [any HTTP2OutputWaiter] = []
    /// See `ExchangeUpstream.handshakeBegan`.
    let handshakeBegan: NIODeadline?
    private var isFlushPlanned = false
    private var isFlushing = false

    /// - Throws: where memory is short.
    init(
        to upstream: Upstream,
        of group: HTTP2UpstreamGroup,
        worker: Worker,
        over transport: UpstreamTransport
    ) throws(HTTP2Failure) {
        let now = worker.now
        let limits = worker.context.settings.limits.head
        self.upstream = upstream
        self.group = group
        self.worker = worker
        self.transport = transport.stream
        security = transport.security
        handshakeBegan = transport.handshakeBegan
        self.limits = limits
        session = try HTTP2Session(
            .client(isSecure: upstream.link.scheme == .https),
            HTTP2Settings(
                streams: 0,
                streamWindow: DataPathConstants.upstreamStreamWindow,
                connectionWindow: DataPathConstants.upstreamConnectionWindow,
                // Each field counts 32 bytes here and 4 in HTTP/1, whose limit is the exact one.
                headBytes: limits.headBytes &+ 32 &* limits.fields,
                fields: limits.fields
            ),
            worker.http2.memory,
            now: now
        )
        idleSince = now
        lastInput = now
        let spread = DataPathConstants.connectionAgeSpread.nanoseconds
        let extra = Int64(truncatingIfNeeded: worker.context.random.next() % UInt64(max(1, spread)))
        retiresAt = now + DataPathConstants.connectionAge + .nanoseconds(extra)
    }

    /// The transport is connected.
    func begin() {
        transport?.owner = self
        transport?.awaitInput()
        flushSoon()
    }

    var loop: any EventLoop { worker.loop }
    var turns: HTTP2Turns { worker.http2.turns }

    // MARK: Streams

    var isIdle: Bool { session.openStreams == 0 && reserved == 0 }

    /// A further request may be sent.
    var hasRoom: Bool {
        transport?.isActive == true && !isRetired && !isFull && security?.isReplaced != true
            && session.canOpenStreams
            && session.openStreams + reserved < min(DataPathConstants.upstreamStreams, session.peerStreams)
    }

    /// Whether the peer accepts WebSocket on a stream; nil: it has not said so yet.
    var acceptsWebSocket: Bool? { hasSettings ? session.peerAcceptsConnect : nil }

    /// It may still say whether it does.
    var awaitsSettings: Bool { !hasSettings && transport != nil && !isRetired }

    /// Bytes have arrived that were not read yet, the peer's end among them.
    var hasPendingInput: Bool { rest.readableBytes > 0 || transport?.hasPendingInput == true }

    /// Keeps a place for a request.
    func reserve() -> HTTP2UpstreamStream {
        reserved += 1
        return HTTP2UpstreamStream(of: self)
    }

    /// A place that was kept is used, or is not needed.
    func placeTaken() { reserved -= 1 }

    func left(_ stream: HTTP2UpstreamStream) {
        if current === stream { current = nil }
        isFull = isFull && session.openStreams > 0
        idleSince = worker.now
        group.placeFreed()
    }

    /// The peer ends the connection before it reads the stream.
    func hasGone(before stream: HTTP2Stream) -> Bool {
        isRetired && (stream.id > lastStream || !stream.hasSentHead)
    }

    /// A stream was refused: the peer has as many as it takes, whatever it has said.
    func streamRefused() {
        // One that refuses every stream is of no use.
        if session.openStreams == 0 { isRetired = true } else { isFull = true }
    }

    /// The peer wants another version (RFC 9113 §7).
    ///
    /// - Returns: whether it can have it.
    func requireHTTP1() -> Bool { group.requireHTTP1() }

    func peerResponds() -> Bool { transport?.peerResponds() ?? true }

    // MARK: Input

    /// The streams' windows are the back-pressure, so that one slow downstream stops no other.
    var acceptsBytes: Bool { rest.readableBytes == 0 }

    func received(_ bytes: inout ByteBuffer) {
        guard transport != nil else { return }
        lastInput = worker.now
        let isHTTP1 = !hasReceived && bytes.readableBytesView.starts(with: "HTTP/".utf8)
        hasReceived = true
        if isHTTP1 {
            return end(Failure(.invalidResponse, "the target does not speak HTTP/2", detail: "not_http2"))
        }
        take(&bytes)
    }

    func turnEnded(_ failure: HTTP2Failure?) -> Bool {
        handleEvents()
        if let failure {
            session.terminate(failure.isFlood ? .enhanceYourCalm : .protocolError)
            end(.http2(failure.isFlood ? "flood" : "protocol_error"))
        } else if session.isAbused {
            end(.http2("flood"))
        } else if session.wantsWrite || session.isOver || isRetired {
            flushSoon()
        }
        return transport != nil
    }

    private func handleEvents() {
        let events = session.takeEvents()
        guard !events.isEmpty else { return }
        let text = worker.http2.memory.text
        var refused: [(stream: HTTP2Stream, code: HTTP2Code)] = []
        for event in events {
            if case .closed(let stream, .refusedStream) = event {
                refused.append((stream, .refusedStream))
            } else {
                handle(event, text)
            }
        }
        // In the order in which they came, so that none is sent again after later ones time and again.
        refused.sort { $0.stream.id < $1.stream.id }
        for (stream, code) in refused { handle(.closed(stream, code), text) }
        current?.passOn()
        current = nil
        worker.http2.memory.recycle(events)
    }

    private func handle(_ event: HTTP2Event, _ text: ByteBuffer) {
        switch event {
        case .head(let stream, let range, let isLast): stream.owner?.headArrived(text, range, isLast: isLast)
        case .malformedHead(let stream, let error): (stream.owner as? HTTP2UpstreamStream)?.headFailed(error)
        case .trailers(let stream, let range): stream.owner?.trailersArrived(text, range)
        case .body(let stream, let bytes):
            if let owner = stream.owner {
                owner.bodyArrived(bytes)
            } else {
                session.consumed(bytes.readableBytes, of: stream)
            }
        case .end(let stream): stream.owner?.inputEnded()
        case .closed(let stream, let code):
            let owner = stream.owner
            stream.owner = nil
            owner?.streamClosed(code)
            streamGone()
        case .goAway(let last, _):
            isRetired = true
            lastStream = last
        case .settings:
            hasSettings = true
            group.allows(streams: session.peerStreams)
        case .pong: pinged = nil
        }
    }

    private func streamGone() {
        isFull = false
        guard isIdle else { return group.placeFreed() }
        idleSince = worker.now
        if isRetired { flushSoon() } else { group.placeFreed() }
    }

    /// A stream begins to pass something on: what others have passed on leaves the buffers first.
    func begins(_ stream: HTTP2UpstreamStream) {
        guard current !== stream else { return }
        current?.passOn()
        current = stream
        touched.append(stream)
    }

    func readCompleted() {
        guard !touched.isEmpty else { return }
        let streams = touched
        touched.removeAll(keepingCapacity: true)
        for stream in streams { stream.readCompleted() }
    }

    func inputEnded() {
        takeRest()
        if transport != nil { end(lost) }
    }

    func closed(failed: Bool) {
        takeRest()
        guard transport != nil else { return }
        let failure = lost
        transport = nil
        end(failure)
    }

    /// The peer has closed the connection.
    private var lost: Failure { worker.alert(of: transport, to: upstream) ?? Failure(.connectionReset) }

    // MARK: Output

    func flushSoon() {
        guard !isFlushPlanned, transport != nil else { return }
        isFlushPlanned = true
        worker.http2.flushSoon(self, on: loop, isSole: false)
    }

    func wait(for waiter: any HTTP2OutputWaiter) {
        if !waiters.contains(where: { $0 === waiter }) { waiters.append(waiter) }
    }

    /// Bytes that are taken from the session at a time.
    private static let turnBytes = 256 << 10

    func becameWritable() { flush() }

    /// Sends what the transport accepts. From the loop alone.
    func flush() {
        isFlushPlanned = false
        guard !isFlushing, transport != nil else { return }
        isFlushing = true
        while let transport, transport.isWritable {
            var sent = 0
            do {
                try session.takeOutput(limit: Self.turnBytes) { piece in
                    sent += piece.readableBytes
                    transport.write(piece)
                }
            } catch {
                isFlushing = false
                // Some streams have ended before.
                handleEvents()
                return end(.http2("protocol_error"))
            }
            guard sent > 0 else { break }
            transport.flush()
            guard session.isOutputCut else { break }
        }
        isFlushing = false
        handleEvents()
        readCompleted()
        notifyWaiters()
        if session.isOver || (isRetired && isIdle) { endInOrder() }
    }

    private func notifyWaiters() {
        guard !waiters.isEmpty else { return }
        let due = waiters
        waiters = []
        for waiter in due where waiter.outputLeft() { wait(for: waiter) }
    }

    // MARK: The end

    /// Called four times a second.
    func tick(now: NIODeadline, idleTimeout: TimeAmount) {
        guard transport != nil else { return }
        if now >= retiresAt || security?.isReplaced == true { isRetired = true }
        guard !isIdle else {
            if isRetired || now - idleSince >= idleTimeout { endInOrder() }
            return
        }
        if let pinged {
            guard now - pinged >= DataPathConstants.pingTime else { return }
            end(
                Failure(
                    .connectionReset,
                    "the target no longer acknowledges what it receives",
                    detail: "no_pong"
                )
            )
        } else if now - lastInput >= DataPathConstants.pingAfter {
            pinged = now
            session.ping()
            flushSoon()
        }
    }

    /// The peer learns that there is nothing to come.
    func endInOrder() {
        session.shutDown()
        end(session.openStreams > 0 ? .http2("protocol_error") : nil)
    }

    /// - Parameter failure: of its streams; nil: there are none.
    private func end(_ failure: Failure?) {
        // Whoever waits to learn what this peer accepts would wait for the next in vain.
        group.remove(self, failure: hasSettings ? nil : failure)
        // The last output may end some of them.
        let streams = session.allStreams.sorted { $0.id < $1.id }
        if let transport {
            if !isFlushing, transport.isWritable {
                try? session.takeOutput(limit: Self.turnBytes) { transport.write($0) }
                transport.flush()
            }
            self.transport = nil
            rest = ByteBuffer()
            transport.close()
        }
        waiters = []
        guard let failure else { return group.placeFreed() }
        for stream in streams {
            let owner = stream.owner
            stream.owner = nil
            if let owner = owner as? HTTP2UpstreamStream {
                owner.fail(stream.hasSentHead || !hasSettings ? failure : Failure(.goneAway, cause: failure))
            } else {
                owner?.streamClosed(.cancel)
            }
        }
        readCompleted()
        group.placeFreed()
    }
}

extension Failure {
    /// The endpoint does not keep to the protocol.
    fileprivate static func http2(_ detail: String) -> Failure {
        Failure(.invalidResponse, "the target's response is not valid HTTP/2", detail: "http2_\(detail)")
    }
}
