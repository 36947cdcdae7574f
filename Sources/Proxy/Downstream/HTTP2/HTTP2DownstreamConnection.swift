import HTTP1
import HTTP2
import NIOCore
import ProxyCore
import Settings
import Transports

/// One HTTP/2 connection of a client, or of the tier before this one. It passes what arrives to its streams, each of which
/// has an exchange of its own, and sends what they have to send.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class HTTP2DownstreamConnection: TransportOwner, ClientConnection, HTTP2Receiver, @unchecked Sendable {
    let worker: Worker
    let connection: ConnectionInfo
    let session: HTTP2Session
    var listIndex = -1

    private(set) var transport: (any Transport)?
    /// Requests that have begun and whose stream has not closed.
    private(set) var requests: [HTTP2DownstreamStream] = []
    /// Of them, those that the read has brought.
    private var arrived: [HTTP2DownstreamStream] = []
    /// … and those whose stream has closed.
    private var ended: [HTTP2DownstreamStream] = []
    /// Requests that have begun since the start.
    private(set) var served: UInt64 = 0
    private var backlog = ResponseBacklog()
    private var waiters: [any HTTP2OutputWaiter] = []
    private var isFlushPlanned = false
    private var isFlushing = false
    /// Since when the connection has had no stream.
    private var idleSince: NIODeadline
    private var lastInput: NIODeadline
    var rest = ByteBuffer()
    /// When the PING was sent that nothing has followed yet.
    private var pinged: NIODeadline?
    /// Since when the client accepts nothing of what waits.
    private var blockedSince: NIODeadline?
    /// The stream whose head is arriving, and since when.
    private var arrivingHead: (stream: Int32, since: NIODeadline)?
    /// The client knows that no further stream is accepted soon; the next tick accepts none.
    private var hasAnnouncedEnd = false
    private var endsAt: NIODeadline?
    /// Nothing is left to do but to send what waits, for which the client has the time of any response.
    private var endsInOrder = false
    /// What arrived after the end, and was discarded.
    private var lingeredBytes = 0
    private static let maxLingering = 1 << 20

    init(worker: Worker, connection: ConnectionInfo, session: HTTP2Session, now: NIODeadline) {
        self.worker = worker
        self.connection = connection
        self.session = session
        (idleSince, lastInput) = (now, now)
    }

    /// Begins with what has arrived.
    func begin(_ transport: any Transport, _ bytes: inout ByteBuffer) {
        self.transport = transport
        transport.owner = self
        received(&bytes)
        self.transport?.awaitInput()
    }

    var loop: any EventLoop { worker.loop }
    var turns: HTTP2Turns { worker.http2.turns }
    private var hasServed: Bool { served > 0 }
    /// It ends when its streams have.
    var isEnding: Bool { endsAt != nil || hasAnnouncedEnd }
    var waitingBytes: Int { transport?.waitingBytes ?? 0 }

    // MARK: Input

    /// The streams' windows are the back-pressure. A client that had to be read no more, because it does not read, could
    /// wait for this side in turn.
    var acceptsBytes: Bool { rest.readableBytes == 0 && lingeredBytes <= Self.maxLingering }

    func received(_ bytes: inout ByteBuffer) {
        (lastInput, pinged) = (worker.now, nil)
        guard endsAt == nil else { return lingeredBytes += bytes.readableBytes }
        if transport != nil { take(&bytes) }
    }

    func turnEnded(_ failure: HTTP2Failure?) -> Bool {
        handleEvents()
        if let failure {
            fail(failure)
        } else if session.isAbused {
            end(forAbuse: "the client sends too many frames without use")
        } else if session.wantsWrite || session.isOver || !waiters.isEmpty {
            flushSoon()
        }
        return transport != nil && endsAt == nil
    }

    private func handleEvents() {
        let events = session.takeEvents()
        guard !events.isEmpty else { return }
        let memory = worker.http2.memory
        for event in events { handle(event, memory.text) }
        beginRequests(memory.text)
        memory.recycle(events)
    }

    private func handle(_ event: HTTP2Event, _ text: ByteBuffer) {
        switch event {
        case .head(let stream, let range, let isLast):
            add().attach(stream, of: self, head: range, isLast: isLast)
        case .malformedHead(let stream, let error):
            add().attach(stream, of: self, error)
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
        // It opens no further stream.
        case .goAway: session.shutDown()
        case .settings, .pong: break
        }
    }

    private func add() -> HTTP2DownstreamStream {
        let request = worker.http2.takeStream(of: worker)
        request.listIndex = requests.count
        requests.append(request)
        arrived.append(request)
        return request
    }

    /// Begins the exchanges after all of a read was taken: a small body is there then, and a request that was reset within
    /// the read costs nothing.
    private func beginRequests(_ text: ByteBuffer) {
        for request in arrived where request.isNew && request.stream?.isReset != true {
            served &+= 1
            request.begin(text)
        }
        arrived.removeAll(keepingCapacity: true)
        removeEnded()
    }

    /// Its stream has closed. It is given back when nothing of this event refers to it any longer.
    func ended(_ request: HTTP2DownstreamStream) {
        if request.listIndex >= 0 { ended.append(request) }
    }

    private func removeEnded() {
        guard !ended.isEmpty else { return }
        for request in ended { remove(request) }
        ended.removeAll(keepingCapacity: true)
        if requests.isEmpty { idleSince = worker.now }
    }

    private func remove(_ request: HTTP2DownstreamStream) {
        let index = request.listIndex
        guard requests.indices.contains(index), requests[index] === request else { return }
        request.listIndex = -1
        let last = requests.removeLast()
        if last !== request {
            requests[index] = last
            last.listIndex = index
        }
        worker.http2.give(request)
    }

    func readCompleted() {}

    /// A client that sends no more cannot accept more than the windows that are left.
    func inputEnded() { gone() }

    func closed(failed: Bool) {
        transport = nil
        gone()
    }

    // MARK: Output

    func flushSoon() {
        guard !isFlushPlanned, transport != nil else { return }
        isFlushPlanned = true
        // What one request has to send waits for no other one.
        worker.http2.flushSoon(self, on: loop, isSole: requests.count <= 1)
    }

    func wait(for waiter: any HTTP2OutputWaiter) {
        if !waiters.contains(where: { $0 === waiter }) { waiters.append(waiter) }
    }

    /// Bytes of one turn.
    private static let turnBytes = 256 << 10

    /// Sends what the transport accepts. From the loop alone.
    func flush() {
        isFlushPlanned = false
        guard !isFlushing, transport != nil else { return }
        isFlushing = true
        defer { isFlushing = false }
        while let transport, transport.isWritable {
            var sent = 0
            do {
                try session.takeOutput(limit: Self.turnBytes) { piece in
                    sent += piece.readableBytes
                    transport.write(piece)
                }
            } catch {
                return fail(error)
            }
            handleEvents()
            guard sent > 0 else { break }
            backlog.wrote(sent)
            transport.flush()
            guard session.isOutputCut else { break }
        }
        notifyWaiters()
        if session.isOver { closeGently(inOrder: true) }
    }

    private func notifyWaiters() {
        guard !waiters.isEmpty else { return }
        let due = waiters
        waiters = []
        for waiter in due where waiter.outputLeft() { wait(for: waiter) }
    }

    func becameWritable() { flush() }

    // MARK: The end

    private func fail(_ failure: HTTP2Failure) {
        if failure.isFlood { return end(forAbuse: failure.detail) }
        end(.protocolError)
    }

    private func end(forAbuse detail: String) {
        guard endsAt == nil else { return }
        worker.http2.report(detail, session.meter, connection, worker)
        end(.enhanceYourCalm)
    }

    /// Tells the client why, and closes.
    private func end(_ code: HTTP2Code) {
        session.terminate(code)
        endStreams()
        // A client that does not read is not waited for.
        guard let transport, transport.isWritable else { return abort(resets: true) }
        try? session.takeOutput(limit: Self.turnBytes) { transport.write($0) }
        closeGently()
    }

    /// Closes after what waits was sent. What still arrives is discarded for some time, so that a reset does not destroy
    /// the last frames.
    private func closeGently(inOrder: Bool = false) {
        guard endsAt == nil, let transport else { return }
        endsInOrder = inOrder
        endsAt = worker.now + DataPathConstants.lingerTime
        endStreams()
        transport.flush()
        transport.closeOutput()
        transport.awaitInput()
        transport.resumeReading()
    }

    private func endStreams() {
        let all = requests
        requests = []
        rest = ByteBuffer()
        (arrived, ended) = ([], [])
        for request in all { request.listIndex = -1 }
        for request in all {
            request.connectionEnded()
            worker.http2.give(request)
        }
    }

    private func gone() {
        endStreams()
        abort(resets: false)
    }

    func abort(resets: Bool) {
        guard listIndex >= 0 else { return }
        endStreams()
        if resets, waitingBytes > 0 { transport?.resetOnClose() }
        worker.closed(self)
        transport?.close()
        transport = nil
        waiters = []
    }

    var isToDrain: Bool { !hasAnnouncedEnd }

    /// No further stream is accepted: first the client is told, so that it opens none, then those that come are refused
    /// (RFC 9113 §6.8).
    func drain() {
        guard !hasAnnouncedEnd else { return }
        hasAnnouncedEnd = true
        session.announceShutdown()
        flushSoon()
    }

    func drainExpired() {
        for request in requests { request.drainExpired() }
        session.terminate(.noError)
        flush()
        abort(resets: true)
    }

    var isDispensable: Bool {
        requests.isEmpty && waitingBytes == 0 && rest.readableBytes == 0 && session.arrivingHead == nil
            && (hasServed || worker.now - idleSince >= .seconds(1))
            && transport?.hasPendingInput == false
    }

    // MARK: Deadlines

    func tick(now: NIODeadline) {
        guard let transport else { return }
        let hasProgressed = backlog.update(transport)
        let timeouts = worker.context.settings.timeouts
        if let endsAt {
            if endsInOrder, waitingBytes > 0 {
                self.endsAt = now + DataPathConstants.lingerTime
                _ = checkBacklog(hasProgressed, timeouts, now)
            } else if now >= endsAt {
                abort(resets: false)
            }
            return
        }
        for request in requests { request.tick(now: now, hasProgressed: hasProgressed) }
        removeEnded()
        guard self.transport != nil else { return }
        if hasAnnouncedEnd {
            session.shutDown()
            flushSoon()
        }
        if checkHead(timeouts, now) || checkBacklog(hasProgressed, timeouts, now) || checkSilence(now) {
            return
        }
        guard requests.isEmpty, waitingBytes == 0 else { return }
        guard now - idleSince >= (hasServed ? timeouts.keepAlive : timeouts.header) else { return }
        session.shutDown()
        flushSoon()
    }

    /// A head may take as long as in HTTP/1.
    private func checkHead(_ timeouts: Timeouts<TimeAmount>, _ now: NIODeadline) -> Bool {
        guard let stream = session.arrivingHead else {
            arrivingHead = nil
            return false
        }
        guard let known = arrivingHead, known.stream == stream else {
            arrivingHead = (stream, now)
            return false
        }
        guard now - known.since >= timeouts.header else { return false }
        end(.protocolError)
        return true
    }

    /// A client that is not there any longer, while its requests wait for something.
    private func checkSilence(_ now: NIODeadline) -> Bool {
        guard !requests.isEmpty, waitingBytes == 0 else {
            pinged = nil
            return false
        }
        if let pinged {
            guard now - pinged >= DataPathConstants.clientPingTime else { return false }
            abort(resets: true)
            return true
        }
        if now - lastInput >= DataPathConstants.clientPingAfter {
            pinged = now
            session.ping()
            flushSoon()
        }
        return false
    }

    /// A client that accepts nothing, also of frames that belong to no request.
    private func checkBacklog(_ progress: Bool, _ timeouts: Timeouts<TimeAmount>, _ now: NIODeadline)
        -> Bool
    {
        guard waitingBytes > 0, !progress else {
            blockedSince = nil
            return false
        }
        let since = blockedSince ?? now
        blockedSince = since
        guard now - since >= timeouts.downstream else { return false }
        abort(resets: true)
        return true
    }
}
