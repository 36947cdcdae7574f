import CNghttp2
package import HTTP1
package import NIOCore

/// One side of an HTTP/2 connection without I/O (RFC 9113): bytes that arrived become events, and messages become bytes.
/// This is the one place that calls the library.
///
/// Flow control is the owner's: what it has not consumed of a stream, the peer may not send again. The connection's own
/// window is given back at once, so that one stream never stops another: what a connection holds is bounded by the windows
/// of its streams.
///
/// Used on its event loop alone.
package final class HTTP2Session {
    let role: HTTP2Role
    let memory: HTTP2Memory
    let settings: HTTP2Settings
    private let session: OpaquePointer
    package private(set) var meter: AbuseMeter

    /// The open streams, by number, and the one that was looked up last.
    var streams = StreamTable()
    var recent: HTTP2Stream?
    /// What waits to be sent on all streams, bytes.
    package internal(set) var queuedBytes = 0
    var ignored = IgnoredInput()
    var closedStreams = ClosedStreams()
    /// Of a server.
    var dataFrames = DataFrames()
    /// A new stream whose head has begun, and that the library has not accepted yet.
    var begunHead: Int32?
    /// The head that arrives, and its stream.
    var layout: HeadLayout
    var layoutStream: HTTP2Stream?
    /// What is being read, and where it begins in memory.
    var input = ByteBuffer()
    var inputStart: UnsafePointer<UInt8>?
    var events: [HTTP2Event] = []
    /// Where frames go while they are being taken.
    var sink: ((ByteBuffer) -> Void)?
    var sinkRoom = 0
    private var touched: [HTTP2Stream] = []
    /// The peer has been told to leave for its frames' sake.
    package private(set) var isAbused = false
    /// The peer, which is watched, has spent much: what it sends is looked at in smaller parts.
    package var isSpending: Bool { settings.metersAbuse && meter.isSpending }
    /// A GOAWAY of ours is on its way, or was sent.
    private var hasShutDown = false
    /// It leaves with the next output: until then streams are accepted.
    private var isGoAwayDue = false

    /// - Throws: where memory is short.
    package init(_ role: HTTP2Role, _ settings: HTTP2Settings, _ memory: HTTP2Memory, now: NIODeadline)
        throws(HTTP2Failure)
    {
        (self.role, self.settings, self.memory) = (role, settings, memory)
        meter = AbuseMeter(now: now)
        layout = HeadLayout(.request, maxBytes: settings.headBytes, maxFields: settings.fields)
        var pointer: OpaquePointer?
        guard let callbacks = HTTP2Callbacks.shared,
            let option = settings.metersAbuse ? HTTP2Callbacks.option : HTTP2Callbacks.trustingOption
        else { throw .memory }
        var mem = berth_session_mem()
        let result =
            switch role {
            case .server: nghttp2_session_server_new3(&pointer, callbacks, nil, option, &mem)
            case .client: nghttp2_session_client_new3(&pointer, callbacks, nil, option, &mem)
            }
        guard result == 0, let pointer else { throw .memory }
        session = pointer
        nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        var entries = [
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.streamWindow),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.headBytes),
        ]
        switch role {
        case .server:
            entries.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.streams))
            entries.append(entry(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1))
        case .client:
            entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        }
        let window = Int32(clamping: settings.connectionWindow)
        guard nghttp2_submit_settings(session, 0, entries, entries.count) == 0,
            nghttp2_session_set_local_window_size(session, 0, 0, window) == 0
        else { throw .memory }
    }

    deinit {
        nghttp2_session_del(session)
    }

    private func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
    }

    // MARK: Input

    /// The events since the last call, in their order. To be called after each `receive`, whose heads they refer to, and
    /// after each `takeOutput`, which ends streams.
    package func takeEvents() -> [HTTP2Event] {
        let taken = events
        events = []
        if taken.isEmpty {
            memory.takeBack(taken)
            return []
        }
        return taken
    }

    /// The stream whose head has begun to arrive; nil: there is none.
    package var arrivingHead: Int32? { layoutStream?.id }

    /// Takes bytes that have arrived: see `takeEvents`.
    ///
    /// - Throws: where the connection cannot go on. What is left to send tells the peer why.
    package func receive(_ bytes: ByteBuffer, now: NIODeadline) throws(HTTP2Failure) {
        if events.isEmpty { events = memory.lend() }
        input = bytes
        ignored.arrived(bytes.readableBytes)
        let result = bytes.withUnsafeReadableBytes { memory -> Int in
            let bytes = memory.bindMemory(to: UInt8.self)
            inputStart = bytes.baseAddress
            if case .server = role { dataFrames.arrive(in: bytes) }
            return nghttp2_session_mem_recv(session, bytes.baseAddress, bytes.count)
        }
        inputStart = nil
        input = ByteBuffer()
        guard result >= 0 else { throw HTTP2Failure(code: Int32(truncatingIfNeeded: result)) }
        for _ in 0..<ignored.takeCharge() { spend(.control) }
        settleRefusedHead()
        checkLeftOut(dataFrames.takeLeftOut())
        if settings.metersAbuse, !isAbused, meter.isExceeded(now: now) {
            isAbused = true
            nghttp2_session_terminate_session(session, HTTP2Code.enhanceYourCalm.rawValue)
        }
    }

    /// The stream accepts as many bytes again.
    package func consumed(_ count: Int, of stream: HTTP2Stream) {
        guard count > 0, stream.isOpen else { return }
        nghttp2_session_consume_stream(session, stream.id, count)
    }

    func consumedByConnection(_ count: Int) {
        nghttp2_session_consume_connection(session, count)
    }

    // MARK: Output

    /// There are frames to send.
    package var wantsWrite: Bool { isGoAwayDue || nghttp2_session_want_write(session) != 0 }

    /// Nothing more is sent or received: the connection may close.
    package var isOver: Bool {
        nghttp2_session_want_read(session) == 0 && !wantsWrite
    }

    /// The last `takeOutput` has reached its limit: there may be more.
    package var isOutputCut: Bool { sinkRoom <= 0 }

    /// Takes frames to send: about `limit` bytes of bodies at most, and all other frames, whose number is bounded.
    ///
    /// - Throws: where the connection cannot go on.
    package func takeOutput(limit: Int, _ send: @escaping (ByteBuffer) -> Void) throws(HTTP2Failure) {
        if events.isEmpty { events = memory.lend() }
        if isGoAwayDue { submitGoAway() }
        memory.clearOutput()
        sinkRoom = limit
        sink = send
        var failure: HTTP2Failure?
        // To the end, also where there is no more room for bodies: only the next call tells the library that a frame has
        // left, and that its stream is closed. Until then a client that knows it could open one too many.
        while true {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &bytes)
            guard count > 0, let bytes else {
                if count < 0 { failure = HTTP2Failure(code: Int32(truncatingIfNeeded: count)) }
                break
            }
            memory.output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
            sinkRoom -= count
        }
        if memory.output.readableBytes > 0 { send(memory.output) }
        sink = nil
        for stream in touched {
            stream.isTouched = false
            stream.hold()
        }
        touched.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }

    /// What was collected leaves as one piece of its size.
    func sendCollected() {
        guard memory.output.readableBytes > 0 else { return }
        var piece = ByteBuffer()
        piece.reserveCapacity(memory.output.readableBytes)
        piece.writeImmutableBuffer(memory.output)
        memory.output.clear()
        sink?(piece)
    }

    // MARK: Messages

    /// Opens a stream with a request.
    ///
    /// - Parameters:
    ///   - text: the head as Berth writes it for HTTP/1.
    ///   - upgrade: what an extended CONNECT changes to, in place of the method; nil: none.
    /// - Returns: the stream; how the text frames the body that is to be sent next; and the length of the head, after which
    ///   the text may have the beginning of that body. Nil where there can be no further stream on this connection.
    package func open(
        _ text: ByteBuffer,
        upgrade: StaticString? = nil,
        owner: any HTTP2StreamOwner
    ) -> (stream: HTTP2Stream, framing: BodyFraming, length: Int)? {
        guard case .client(let isSecure) = role else { return nil }
        let scheme: StaticString = isSecure ? "https" : "http"
        let first: FieldBlock.FirstLine =
            upgrade.map { .connect(scheme: scheme, protocol: $0) } ?? .request(scheme: scheme)
        let opened = memory.fields.read(text, first) { fields, framing in
            let isLast = upgrade == nil && framing.isEmpty
            let id = HTTP2Callbacks.withProvider(isLast: isLast) { provider in
                nghttp2_submit_request(session, nil, fields.baseAddress, fields.count, provider, nil)
            }
            return (id: id, isLast: isLast)
        }
        guard let opened, opened.id > 0 else { return nil }
        let stream = HTTP2Stream(id: opened.id)
        stream.owner = owner
        stream.hasHead = true
        stream.isOutputEnded = opened.isLast
        stream.isHeadRequest = memory.fields.isHead
        streams.insert(stream)
        return (stream, memory.fields.framing, memory.fields.length)
    }

    /// Sends an interim response, or the head of the response.
    ///
    /// - Parameters:
    ///   - text: as Berth writes it for HTTP/1.
    ///   - isLast: there is no body.
    package func send(head text: ByteBuffer, isInterim: Bool, isLast: Bool, on stream: HTTP2Stream) {
        guard stream.isOpen, !stream.hasHead else { return }
        stream.hasHead = !isInterim
        if isLast { stream.isOutputEnded = true }
        _ = memory.fields.read(text, .status) { fields, _ in
            if isInterim {
                nghttp2_submit_headers(session, 0, stream.id, nil, fields.baseAddress, fields.count, nil)
            } else {
                HTTP2Callbacks.withProvider(isLast: isLast) { provider in
                    nghttp2_submit_response(session, stream.id, fields.baseAddress, fields.count, provider)
                }
            }
        }
    }

    /// Queues a part of the body.
    package func send(body: ByteBuffer, on stream: HTTP2Stream) {
        guard stream.isOpen, !stream.isOutputEnded else { return }
        stream.append(body)
        queuedBytes += body.readableBytes
        if !stream.isTouched {
            stream.isTouched = true
            touched.append(stream)
        }
        resume(stream)
    }

    /// Discards what was queued of the body, where the head was not sent.
    package func discardBody(of stream: HTTP2Stream) {
        guard !stream.hasHead else { return }
        discardOutput(of: stream)
    }

    /// Ends the message after everything that was queued.
    ///
    /// - Parameter trailers: field lines as HTTP/1 has them, without the empty line; nil: none.
    package func end(_ stream: HTTP2Stream, trailers: ByteBuffer? = nil) {
        guard stream.isOpen, !stream.isOutputEnded else { return }
        stream.isOutputEnded = true
        if let trailers, trailers.readableBytes > 0 { stream.trailers = trailers }
        resume(stream)
    }

    private func resume(_ stream: HTTP2Stream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        nghttp2_session_resume_data(session, stream.id)
    }

    /// Ends the stream at once. What waits on it is lost.
    package func reset(_ stream: HTTP2Stream, _ code: HTTP2Code) {
        guard stream.isOpen else { return }
        discardOutput(of: stream)
        // After a response that came before the end of the request's body, a window of the body is under way.
        if !stream.isReset { ignored.expectLate(window: settings.streamWindow) }
        stream.isReset = true
        nghttp2_submit_rst_stream(session, 0, stream.id, code.rawValue)
    }

    func discardOutput(of stream: HTTP2Stream) {
        queuedBytes -= stream.waitingBytes
        stream.discardOutput()
    }

    /// Called within the library's request for a part of the body that is the last.
    func submitTrailers(_ text: ByteBuffer, on stream: HTTP2Stream) -> Bool {
        memory.fields.read(text, .none) { fields, _ in
            nghttp2_submit_trailer(session, stream.id, fields.baseAddress, fields.count) == 0
        } ?? false
    }

    // MARK: The connection

    package func ping() {
        nghttp2_submit_ping(session, 0, nil)
    }

    /// Tells the peer that no further stream will be accepted soon (RFC 9113 §6.8): those on their way still are.
    package func announceShutdown() {
        guard !hasShutDown, case .server = role else { return }
        nghttp2_submit_shutdown_notice(session)
    }

    /// Accepts no further stream. Those that are open go on.
    package func shutDown() {
        guard !hasShutDown else { return }
        hasShutDown = true
        isGoAwayDue = true
    }

    private func submitGoAway() {
        isGoAwayDue = false
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(session, 0, last, HTTP2Code.noError.rawValue, nil, 0)
    }

    /// Ends the connection after what is left to send; the peer learns why.
    package func terminate(_ code: HTTP2Code) {
        nghttp2_session_terminate_session(session, code.rawValue)
    }

    /// Streams that the peer lets be open at a time.
    package var peerStreams: Int {
        Int(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }

    /// The peer accepts an extended CONNECT (RFC 8441 §3).
    package var peerAcceptsConnect: Bool {
        nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
    }

    /// The peer lets no more of the stream's body come: it has consumed nothing of what it got.
    package func hasClosedWindow(of stream: HTTP2Stream) -> Bool {
        stream.isOpen && nghttp2_session_get_stream_remote_window_size(session, stream.id) <= 0
    }

    package var openStreams: Int { streams.count }

    /// A further stream could be opened: there are numbers left, and the peer has not sent GOAWAY.
    package var canOpenStreams: Bool { nghttp2_session_check_request_allowed(session) != 0 }

    package var allStreams: [HTTP2Stream] { streams.all }

    /// Resets and heads without bounds are not charged to a server: those who share a connection to it could bring them
    /// about, and end what others have on it. Their requests fail. Neither is a window of each stream that was reset, which
    /// may still arrive.
    func spend(_ kind: AbuseMeter.Kind) {
        switch (role, kind) {
        case (.client, .reset), (.client, .boundlessHead): break
        default: meter.spend(kind)
        }
    }

    func contentPassed() { meter.contentPassed() }

    func streamCompleted() { meter.streamCompleted() }
}
