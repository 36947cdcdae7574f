import CNghttp2
import HTTP1
import NIOCore

/// What the library calls, and its options: the same for all sessions.
///
/// Unsafe: each callback finds its session by the pointer that `HTTP2Session.init` sets. The session is alive, because
/// the library only calls from within its own methods. Never changed after it was made.
enum HTTP2Callbacks {
    nonisolated(unsafe) static let shared: OpaquePointer? = {
        var callbacks: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else { return nil }
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header else { return 0 }
            with(user) { $0.frameBegan(header.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            with(user) { $0.headBegan(frame.pointee.headers.cat, stream: frame.pointee.hd.stream_id) }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _,
            frame,
            name,
            nameCount,
            value,
            valueCount,
            _,
            user in
            let goesOn = with(user) { session in
                session.fieldArrived(
                    UnsafeBufferPointer(start: name, count: nameCount),
                    UnsafeBufferPointer(start: value, count: valueCount)
                )
            }
            // The library resets the stream, and reads the rest without a look at the fields.
            return goesOn == false ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue : 0
        }
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, _, _, _, _, _, _, user in
            with(user) { $0.layout.refuse() }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            with(user) { $0.frameArrived(frame) }
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, _, user in
            guard let frame else { return 0 }
            with(user) { $0.frameRefused(on: frame.pointee.hd.stream_id) }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _,
            _,
            stream,
            bytes,
            count,
            user in
            guard let bytes else { return 0 }
            with(user) { $0.bodyArrived(bytes, count, stream: stream) }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, user in
            with(user) { $0.streamClosed(stream, HTTP2Code(rawValue: code)) }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            with(user) { $0.frameLeft(frame.pointee.hd) }
            return 0
        }
        nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, count, _, user in
            guard let frame, let header else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
            return with(user) { session in
                session.sendBody(stream: frame.pointee.hd.stream_id, frameHeader: header, count: count)
            } ?? NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
        return callbacks
    }()

    /// For peers that are watched by `AbuseMeter`, and for servers.
    nonisolated(unsafe) static let option = makeOption()

    /// For clients that are trusted. They reset the streams of their own clients, whoever those are: the library would end
    /// the connection that all of them share.
    nonisolated(unsafe) static let trustingOption = makeOption { option in
        nghttp2_option_set_stream_reset_rate_limit(option, UInt64(UInt32.max), UInt64(UInt32.max))
    }

    private static func makeOption(_ configure: (OpaquePointer) -> Void = { _ in }) -> OpaquePointer? {
        var option: OpaquePointer?
        guard nghttp2_option_new(&option) == 0, let option else { return nil }
        nghttp2_option_set_no_auto_window_update(option, 1)
        nghttp2_option_set_max_outbound_ack(option, 256)
        // `ClosedStreams` knows what is necessary, in a fraction of the memory.
        nghttp2_option_set_no_closed_streams(option, 1)
        // What may be sent is bounded by the limits of heads.
        nghttp2_option_set_max_send_header_block_length(option, 4 << 20)
        configure(option)
        return option
    }

    /// Calls `body` with the source of a message's content, which takes it from the stream; nil: the message has no content.
    static func withProvider<Result>(
        isLast: Bool,
        _ body: (UnsafePointer<nghttp2_data_provider>?) -> Result
    ) -> Result {
        if isLast { return body(nil) }
        return withUnsafePointer(to: provider, body)
    }

    private static let provider = nghttp2_data_provider(
        source: nghttp2_data_source(ptr: nil),
        read_callback: { _, stream, _, room, flags, _, user in
            guard let flags else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
            return with(user) { $0.nextPart(of: stream, room: room, &flags.pointee) }
                ?? Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
    )

    /// Calls `body` with the session, of which no reference is counted.
    @inline(__always)
    @discardableResult
    private static func with<Result>(_ user: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Result)
        -> Result?
    {
        guard let user else { return nil }
        return Unmanaged<HTTP2Session>.fromOpaque(user)._withUnsafeGuaranteedRef(body)
    }
}

// MARK: What the callbacks do

extension HTTP2Session {
    /// Several calls in a row are about one stream.
    private func stream(_ id: Int32) -> HTTP2Stream? {
        if let recent, recent.id == id { return recent }
        recent = streams[id]
        return recent
    }

    /// Counts what makes work and moves no message.
    fileprivate func frameBegan(_ header: nghttp2_frame_hd) {
        ignored.frameBegan(Self.frameHeaderBytes + header.length)
        settleRefusedHead()
        switch UInt32(header.type) {
        case NGHTTP2_DATA.rawValue:
            if header.length > 0 {
                contentPassed()
            } else if UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0 {
                spend(.control)
            }
            settleLeftOut(before: header)
        case NGHTTP2_HEADERS.rawValue:
            checkHead(on: header.stream_id)
            spendLate(header)
        case NGHTTP2_RST_STREAM.rawValue:
            settleLeftOut(before: header)
            if case .server = role, stream(header.stream_id) == nil { closedStreams.reset(header.stream_id) }
            spend(.reset)
            spendLate(header)
        default: spend(.control)
        }
    }

    /// A server's frame on a stream that is gone. Its head is unpacked all the same, for the sake of the table.
    private func spendLate(_ header: nghttp2_frame_hd) {
        guard case .client = role, stream(header.stream_id) == nil else { return }
        for _ in 0..<ignored.lateFrame(of: header.length) { spend(.control) }
    }

    private func checkHead(on id: Int32) {
        guard case .server = role, id & 1 == 1 else { return }
        let isOpen = stream(id) != nil
        switch closedStreams.frameArrives(on: id, isHeaders: true, isOpen: isOpen) {
        case .fine: if !isOpen { begunHead = id }
        case .ignored: spend(.control)
        case .error(let code): terminate(code)
        }
    }

    /// The library refuses some new streams without a word, as after GOAWAY. What follows on them is ignored, too.
    func settleRefusedHead() {
        guard let id = begunHead else { return }
        begunHead = nil
        closedStreams.add(id, isEndedByPeer: false)
    }

    private func settleLeftOut(before header: nghttp2_frame_hd) {
        guard case .server = role else { return }
        let isReset = UInt32(header.type) == NGHTTP2_RST_STREAM.rawValue
        checkLeftOut(dataFrames.begun(header.stream_id, isReset: isReset))
    }

    /// DATA on streams that are gone. Its bytes are `ignored`.
    func checkLeftOut(_ streams: ArraySlice<Int32>) {
        for id in streams where id > 0 && id & 1 == 1 {
            let isOpen = stream(id) != nil
            if case .error(let code) = closedStreams.frameArrives(on: id, isHeaders: false, isOpen: isOpen) {
                terminate(code)
            }
        }
    }

    fileprivate func headBegan(_ category: nghttp2_headers_category, stream id: Int32) {
        let kind: HeadLayout.Kind
        switch (role, category) {
        case (.server, NGHTTP2_HCAT_REQUEST):
            let stream = HTTP2Stream(id: id)
            streams.insert(stream)
            (recent, begunHead) = (stream, nil)
            kind = .request
        case (.client, NGHTTP2_HCAT_RESPONSE): kind = .response
        case (.client, NGHTTP2_HCAT_HEADERS):
            // After an interim response another head follows (RFC 9113 §8.1).
            kind = stream(id)?.hasResponse == true ? .trailers : .response
        default: kind = .trailers
        }
        layoutStream = stream(id)
        layout.begin(kind, maxBytes: settings.headBytes, maxFields: settings.fields)
    }

    /// - Returns: false where the head is without bounds.
    fileprivate func fieldArrived(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>)
        -> Bool
    {
        layout.add(name, value)
        guard layout.isBoundless else { return true }
        if let stream = layoutStream { libraryResets(stream) }
        layoutStream = nil
        spend(.boundlessHead)
        return false
    }

    fileprivate func frameArrived(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let isLast = UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            headArrived(isLast: isLast)
        case NGHTTP2_DATA.rawValue:
            if isLast, let stream = stream(header.stream_id) { inputEnded(stream) }
        case NGHTTP2_RST_STREAM.rawValue:
            stream(header.stream_id)?.isResetByPeer = true
        case NGHTTP2_GOAWAY.rawValue:
            events.append(
                .goAway(
                    lastStream: berth_frame_last_stream(frame),
                    HTTP2Code(rawValue: berth_frame_error_code(frame))
                )
            )
        case NGHTTP2_SETTINGS.rawValue:
            if UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue == 0 { events.append(.settings) }
        case NGHTTP2_PING.rawValue:
            if UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0 { events.append(.pong) }
        default: break
        }
    }

    private func headArrived(isLast: Bool) {
        guard let stream = layoutStream else { return }
        layoutStream = nil
        let start = memory.text.readableBytes
        if let error = layout.write(isLast: isLast && !stream.isHeadRequest, into: &memory.text) {
            events.append(.malformedHead(stream, error))
            return
        }
        let range = ByteRange(start..<memory.text.readableBytes)
        if layout.isTrailers {
            events.append(.trailers(stream, range))
        } else {
            stream.hasResponse = layout.isFinal
            // One or two come with a response, whose end pays for them.
            if case .client = role, !layout.isFinal { spend(.control) }
            events.append(.head(stream, range, isLast: isLast))
        }
        if isLast { inputEnded(stream) }
    }

    fileprivate func frameLeft(_ header: nghttp2_frame_hd) {
        switch UInt32(header.type) {
        case NGHTTP2_RST_STREAM.rawValue:
            spend(.reset)
            if let stream = stream(header.stream_id) {
                // The library's own: see `reset`.
                libraryResets(stream)
            } else {
                closedStreams.add(header.stream_id, isEndedByPeer: false)
            }
        case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
            stream(header.stream_id)?.hasSentHead = true
            guard UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 else { return }
            stream(header.stream_id)?.isOutputSent = true
        default: break
        }
    }

    /// The library resets the stream when it next sends.
    fileprivate func frameRefused(on id: Int32) {
        if let stream = stream(id) { libraryResets(stream) }
    }

    private func libraryResets(_ stream: HTTP2Stream) {
        guard !stream.isReset else { return }
        ignored.expectLate(window: settings.streamWindow)
        stream.isReset = true
    }

    private func inputEnded(_ stream: HTTP2Stream) {
        guard !stream.isInputEnded else { return }
        stream.isInputEnded = true
        events.append(.end(stream))
    }

    fileprivate func bodyArrived(_ bytes: UnsafePointer<UInt8>, _ count: Int, stream id: Int32) {
        // See the type's description: only the stream's window limits it.
        consumedByConnection(count)
        guard let stream = stream(id), let start = inputStart else { return }
        let offset = bytes - start
        guard let slice = input.getSlice(at: input.readerIndex + offset, length: count) else { return }
        events.append(.body(stream, slice))
    }

    fileprivate func streamClosed(_ id: Int32, _ code: HTTP2Code) {
        guard let stream = streams.remove(id) else { return }
        if recent === stream { recent = nil }
        // The library refuses some heads itself.
        if layoutStream === stream { layoutStream = nil }
        if stream.isDrained, code == .noError { streamCompleted() }
        closedStreams.add(id, isEndedByPeer: stream.isInputEnded || stream.isResetByPeer)
        stream.isOpen = false
        discardOutput(of: stream)
        events.append(.closed(stream, code))
    }

    /// How much of the body may go into the next frame.
    fileprivate func nextPart(of id: Int32, room: Int, _ flags: inout UInt32) -> Int {
        guard let stream = stream(id) else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        let count = min(room, stream.waitingBytes)
        guard count > 0 || stream.isOutputEnded else {
            stream.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        if count < stream.waitingBytes, count < Self.sliverBytes { spend(.sliver) }
        flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
        if stream.isOutputEnded, count == stream.waitingBytes {
            flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
            if let trailers = stream.trailers, submitTrailers(trailers, on: stream) {
                flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
            }
            stream.trailers = nil
        }
        return count
    }

    /// Large parts go as they are; small ones are collected with the frames around them.
    fileprivate func sendBody(stream id: Int32, frameHeader: UnsafePointer<UInt8>, count: Int) -> Int32 {
        guard sinkRoom > 0 else { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
        // The frame was laid out before the stream was reset, and waited for room: what it announces is not there any longer.
        guard let stream = stream(id), !stream.isReset, stream.waitingBytes >= count else {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        sinkRoom -= count + Self.frameHeaderBytes
        memory.output.writeBytes(UnsafeRawBufferPointer(start: frameHeader, count: Self.frameHeaderBytes))
        if count > 0 { contentPassed() }
        queuedBytes -= count
        stream.take(count) { piece in
            if piece.readableBytes <= Self.collectedBytes {
                memory.output.writeImmutableBuffer(piece)
            } else {
                sendCollected()
                sink?(piece)
            }
        }
        return 0
    }

    private static let frameHeaderBytes = 9
    /// A window that has less room cuts a message into slivers. One comes at the end of each window of any client.
    private static let sliverBytes = 64
    private static let collectedBytes = 4 << 10
}
