package import NIOCore
package import Transports

/// TLS over another transport: a socket. What the two sides do until the connection stands is a `TLSOpening`.
///
/// Each read of the socket is decrypted as a whole into memory of the loop, and what is written leaves encrypted with the
/// next flush: between two events a connection holds no bytes but those that wait for a slow client.
///
/// - A half ends with close_notify (RFC 8446 §6.1). The end of the stream without it is a failure: it may have been cut
///   off by anybody.
/// - Counts of what waits are those of encrypted bytes: a little more than was written.
///
/// Events reach the owner from the loop alone, as from the transport below.
package final class TLSTransport: Transport, TransportOwner {
    private enum Phase {
        /// Bytes arrive before it is known how the handshake begins.
        case hello
        case handshake
        case open
        /// The handshake has failed: what still arrives is discarded, so that the peer receives why.
        case refused
        case closed
    }

    package var owner: (any TransportOwner)?

    private let socket: any Transport
    private let memory: TLSMemory
    private let loop: any EventLoop
    /// Nil once the connection stands, or cannot.
    private var opening: (any TLSOpening)?

    private var phase = Phase.hello
    private var stream: TLSStream?
    /// Written, and not encrypted yet.
    private var pending = ByteBuffer()
    private var receivedBytes = 0
    /// Ends the wait for a peer that was refused.
    private var lingerEnd: Scheduled<Void>?
    private var lingeredBytes = 0

    /// The peer has sent close_notify.
    private var isInputEnded = false
    /// Ours has been written.
    private var isOutputEnded = false
    private var resets = false
    /// Why a connection ended that stood; nil: not because of TLS.
    package private(set) var failure: TLSFailure?
    /// What both sides agreed on by ALPN; nil: nothing.
    package private(set) var negotiatedProtocol: String?

    /// More bytes that the peer does not accept, and that OpenSSL made because of its messages alone, end the connection.
    private static let maxUnread = 1 << 20

    /// What a peer that was refused may take to read why, and may still send, bytes.
    private static let lingering = (time: TimeAmount.seconds(5), bytes: 1 << 20)

    /// - Parameter socket: one that has just been accepted or connected, and has no owner.
    init(over socket: any Transport, _ opening: any TLSOpening) {
        self.socket = socket
        self.opening = opening
        memory = opening.memory
        loop = opening.loop
        socket.owner = self
    }

    // MARK: State

    package var isActive: Bool { phase != .closed && phase != .refused && socket.isActive }

    package var isWritable: Bool {
        socket.isWritable && pending.readableBytes <= TransportSizes.highWatermark
    }

    package var isReadingPaused: Bool { socket.isReadingPaused }

    package var waitingBytes: Int { pending.readableBytes &+ socket.waitingBytes }

    package var unacknowledgedBytes: Int { socket.unacknowledgedBytes }

    package var hasPendingInput: Bool { socket.hasPendingInput }

    package func peerResponds() -> Bool { socket.peerResponds() }

    package var isOpening: Bool {
        switch phase {
        case .hello: receivedBytes > 0
        case .handshake: true
        case .open, .refused, .closed: false
        }
    }

    // MARK: Input

    package var acceptsBytes: Bool {
        switch phase {
        case .hello, .handshake, .refused: true
        case .open: isInputEnded || owner?.acceptsBytes == true
        case .closed: false
        }
    }

    package func received(_ bytes: inout ByteBuffer) {
        switch phase {
        case .hello:
            receivedBytes &+= bytes.readableBytes
            begin(&bytes)
        case .handshake:
            let isFirst = receivedBytes == 0
            receivedBytes &+= bytes.readableBytes
            if isFirst, let failure = opening?.flaw(ofFirst: bytes.readableBytesView) {
                refuse(failure, nil)
            } else {
                decrypt(bytes)
            }
        case .open:
            if !isInputEnded { decrypt(bytes) }
        case .refused:
            lingeredBytes &+= bytes.readableBytes
            if lingeredBytes > Self.lingering.bytes { fail() }
        case .closed: break
        }
        bytes = ByteBuffer()
    }

    package func readCompleted() {
        if phase == .open { owner?.readCompleted() }
    }

    /// Begins the handshake, where what has arrived is enough for that.
    ///
    /// - Parameter bytes: none: this side sends the first.
    func begin(_ bytes: inout ByteBuffer) {
        switch opening?.begin(&bytes) {
        case .needsMore:
            socket.awaitInput()
        case .handshake(let stream, let first):
            self.stream = stream
            phase = .handshake
            decrypt(first)
        case .refused(let failure, let reply):
            refuse(failure, reply)
        case nil:
            break
        }
    }

    /// Takes bytes that have arrived, and passes on what they contain.
    private func decrypt(_ bytes: ByteBuffer) {
        guard let stream else { return }
        var output = ByteBuffer()
        let outcome = stream.receive(bytes, output: &output)
        if output.readableBytes > 0 { socket.write(output) }
        if phase == .handshake, stream.isEstablished {
            negotiatedProtocol = stream.negotiatedProtocol
            if let failure = opening?.flaw(
                of: stream,
                after: outcome,
                hasData: memory.plain.readableBytes > 0
            ) {
                return refuse(failure, nil)
            }
            phase = .open
            opening?.established(stream)
            let plain = memory.plain
            report(
                .established(version: stream.version, cipher: stream.cipher, isResumed: stream.isResumed)
            )
            memory.plain = plain
        }
        if phase == .open, memory.plain.readableBytes > 0 {
            var plain = memory.plain
            owner?.received(&plain)
        }
        // The owner may have closed it meanwhile.
        guard phase == .open || phase == .handshake else { return }
        switch outcome {
        case .needsInput:
            if phase == .handshake { socket.awaitInput() }
            flushReplies(output)
        case .ended:
            socket.flush()
            notified()
        case .failed(let failure):
            if phase == .handshake { return refuse(failure, nil) }
            self.failure = failure
            socket.flush()
            fail()
        }
    }

    /// Sends what was made of the peer's messages alone, unless it reads nothing of that.
    private func flushReplies(_ output: ByteBuffer) {
        guard output.readableBytes > 0 else { return }
        encryptPending()
        socket.flush()
        if socket.waitingBytes > Self.maxUnread { fail() }
    }

    /// The peer has sent close_notify.
    private func notified() {
        isInputEnded = true
        if isOutputEnded {
            socket.whenFlushed { [self] in finishLater() }
        } else {
            owner?.inputEnded()
        }
    }

    package func inputEnded() {
        switch phase {
        case .hello, .handshake:
            reportCutOff()
            fail()
        case .refused: fail()
        // Without close_notify before it, what has arrived may not be all.
        case .open: if !isInputEnded { fail() }
        case .closed: break
        }
    }

    // MARK: Output

    package func write(_ bytes: ByteBuffer) {
        guard phase != .closed, phase != .refused, !isOutputEnded, bytes.readableBytes > 0 else { return }
        guard pending.readableBytes > 0 else {
            pending = bytes
            return
        }
        // A record costs as much as some of its bytes: few large ones.
        var bytes = bytes
        let room = TLSMemory.recordBytes - pending.readableBytes
        if room > 0, var start = bytes.readSlice(length: min(room, bytes.readableBytes)) {
            pending.writeBuffer(&start)
        }
        guard bytes.readableBytes > 0 else { return }
        encryptPending()
        if pending.readableBytes > 0 { pending.writeBuffer(&bytes) } else { pending = bytes }
    }

    package func flush() {
        encryptPending()
        socket.flush()
    }

    private func encryptPending() {
        guard phase == .open, !isOutputEnded, pending.readableBytes > 0, let stream else { return }
        var output = ByteBuffer()
        let isSent = stream.send(pending, output: &output)
        pending = ByteBuffer()
        socket.write(output)
        if !isSent { later { $0.fail() } }
    }

    package func becameWritable() {
        owner?.becameWritable()
    }

    package func resumeReading() { socket.resumeReading() }

    package func awaitInput() { socket.awaitInput() }

    package func whenFlushed(_ done: @escaping () -> Void) {
        encryptPending()
        socket.whenFlushed(done)
    }

    // MARK: The end

    package func closeOutput() {
        guard phase == .open else {
            if phase == .hello || phase == .handshake { abandon(); refuse() }
            return
        }
        guard !isOutputEnded else { return }
        encryptPending()
        isOutputEnded = true
        notifyPeer()
        if isInputEnded {
            socket.whenFlushed { [self] in finishLater() }
        } else {
            socket.closeOutput()
        }
    }

    private func notifyPeer() {
        var output = ByteBuffer()
        stream?.end(output: &output)
        socket.write(output)
    }

    /// Both halves have ended: not within a call of the owner's.
    private func finishLater() {
        later { transport in
            guard transport.phase == .open else { return }
            transport.end(failed: false)
        }
    }

    /// After what runs now.
    private func later(_ body: @escaping (TLSTransport) -> Void) {
        let task = LoopTask { [self] in body(self) }
        loop.execute { task.run() }
    }

    /// The handshake has failed.
    ///
    /// - Parameter reply: what the peer receives before the connection ends; nil: nothing more.
    private func refuse(_ failure: TLSFailure, _ reply: ByteBuffer?) {
        let waits = opening?.waitsForRefused == true
        if let reply { socket.write(reply) }
        if waits {
            report(.failed(failure))
            refuse()
        } else {
            let opening = self.opening.take()
            socket.flush()
            release()
            socket.close()
            opening?.ended(.failed(failure), of: self)
        }
    }

    private func refuse() {
        phase = .refused
        opening = nil
        stream = nil
        pending = ByteBuffer()
        // Closing at once could destroy on its way what the client is to receive.
        socket.closeOutput()
        socket.awaitInput()
        let end = LoopTask { [weak self] in self?.fail() }
        lingerEnd = loop.scheduleTask(in: Self.lingering.time) { end.run() }
    }

    private func fail() {
        guard phase != .closed else { return }
        end(failed: true)
    }

    private func end(failed: Bool) {
        let owner = self.owner
        release()
        socket.close()
        owner?.closed(failed: failed)
    }

    private func release() {
        phase = .closed
        lingerEnd?.cancel()
        lingerEnd = nil
        owner = nil
        opening = nil
        stream = nil
        pending = ByteBuffer()
    }

    package func closed(failed: Bool) {
        if phase == .hello || phase == .handshake { reportCutOff() }
        let owner = self.owner
        let isOrderly = phase == .open && isInputEnded
        release()
        owner?.closed(failed: failed || !isOrderly)
    }

    package func resetOnClose() {
        resets = true
        socket.resetOnClose()
    }

    package func close() {
        switch phase {
        case .hello, .handshake:
            abandon()
        case .open where !isOutputEnded && !resets && waitingBytes == 0:
            // Nothing is lost: the client may know that this is the end.
            notifyPeer()
            socket.flush()
        case .open, .refused, .closed:
            break
        }
        release()
        socket.close()
    }

    private func abandon() {
        report(.abandoned(received: receivedBytes))
    }

    private func reportCutOff() {
        guard let opening else { return }
        report(.failed(opening.cutOff(after: receivedBytes)))
    }

    /// The handshake is over, one way or the other.
    private func report(_ outcome: TLSHandshakeEnd.Outcome) {
        opening.take()?.ended(outcome, of: self)
    }
}
