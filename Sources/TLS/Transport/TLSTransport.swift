package import NIOCore
package import Routing
import ServerNames
package import Transports

/// The server's side of TLS over another transport: a socket.
///
/// It reads the client's hello itself, chooses the certificate or refuses the name, and then leaves the bytes to OpenSSL.
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
        case hello
        case handshake
        case open
        /// The handshake has failed: what still arrives is discarded, so that the client receives why.
        case refused
        case closed
    }

    package var owner: (any TransportOwner)?

    private let socket: any Transport
    private let acceptor: TLSAcceptor
    private let peer: IPAddress
    private let localPort: UInt16
    private let start: NIODeadline

    private var phase = Phase.hello
    /// Until it is complete.
    private var hello: ArrivingHello? = ArrivingHello()
    private var serverName: ServerName?
    private var stream: TLSStream?
    /// Written, and not encrypted yet.
    private var pending = ByteBuffer()
    private var receivedBytes = 0

    /// The peer has sent close_notify.
    private var isInputEnded = false
    /// Ours has been written.
    private var isOutputEnded = false
    private var resets = false

    /// More bytes that the client does not accept, and that OpenSSL made because of its messages alone, end the connection.
    private static let maxUnread = 1 << 20

    /// - Parameter socket: one that has just been accepted, and has no owner.
    package init(over socket: any Transport, _ acceptor: TLSAcceptor, peer: IPAddress, localPort: UInt16) {
        self.socket = socket
        self.acceptor = acceptor
        self.peer = peer
        self.localPort = localPort
        start = acceptor.loop.now
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
            readHello(&bytes)
        case .handshake:
            receivedBytes &+= bytes.readableBytes
            decrypt(bytes)
        case .open:
            if !isInputEnded { decrypt(bytes) }
        case .refused, .closed:
            break
        }
        bytes = ByteBuffer()
    }

    package func readCompleted() {
        if phase == .open { owner?.readCompleted() }
    }

    private func readHello(_ bytes: inout ByteBuffer) {
        guard let outcome = hello?.append(&bytes) else { return }
        switch outcome {
        case .needsMore:
            socket.awaitInput()
        case .hello(let found):
            let all = hello?.bytes ?? ByteBuffer()
            hello = nil
            begin(found, all)
        case .failed(let failure):
            let reply: ByteBuffer? =
                failure == .plainHTTP ? PlainRecord.badRequest : failure.alert.map(PlainRecord.alert)
            refuse(TLSFailure(failure), reply)
        }
    }

    private func begin(_ found: ClientHello, _ bytes: ByteBuffer) {
        serverName = found.serverName
        guard let certificate = acceptor.certificate(found.serverName) else {
            let detail =
                found.serverName == nil
                ? "the client sends no server name, and there is no default certificate"
                : "no certificate covers the server name"
            return refuse(TLSFailure("unknown_name", detail), PlainRecord.alert(PlainRecord.unrecognizedName))
        }
        do {
            stream = try TLSStream(acceptor.context, certificate, acceptor.memory)
        } catch {
            return refuse(error, PlainRecord.alert(PlainRecord.internalError))
        }
        phase = .handshake
        decrypt(bytes)
    }

    /// Takes bytes that have arrived, and passes on what they contain.
    private func decrypt(_ bytes: ByteBuffer) {
        guard let stream else { return }
        var output = ByteBuffer()
        let outcome = stream.receive(bytes, output: &output)
        if output.readableBytes > 0 { socket.write(output) }
        if phase == .handshake, stream.isEstablished {
            phase = .open
            report(
                .established(version: stream.version, cipher: stream.cipher, isResumed: stream.isResumed)
            )
        }
        if phase == .open, acceptor.memory.plain.readableBytes > 0 {
            var plain = acceptor.memory.plain
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
            report(.failed(.cutOff(after: receivedBytes)))
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

    private func later(_ body: @escaping (TLSTransport) -> Void) {
        let transport = OfLoop(self)
        acceptor.loop.execute { body(transport.value) }
    }

    /// The handshake has failed.
    ///
    /// - Parameter reply: what the client receives before the connection ends; nil: nothing more.
    private func refuse(_ failure: TLSFailure, _ reply: ByteBuffer?) {
        report(.failed(failure))
        if let reply { socket.write(reply) }
        refuse()
    }

    private func refuse() {
        phase = .refused
        hello = nil
        stream = nil
        pending = ByteBuffer()
        // Closing at once could destroy on its way what the client is to receive.
        socket.closeOutput()
        socket.awaitInput()
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
        owner = nil
        hello = nil
        stream = nil
        pending = ByteBuffer()
    }

    package func closed(failed: Bool) {
        if phase == .hello || phase == .handshake { report(.failed(.cutOff(after: receivedBytes))) }
        let owner = self.owner
        let isTruncated = phase == .open && !isInputEnded
        release()
        owner?.closed(failed: failed || isTruncated)
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

    private func report(_ outcome: TLSHandshakeEnd.Outcome) {
        acceptor.report(
            TLSHandshakeEnd(
                outcome: outcome,
                peer: peer,
                localPort: localPort,
                serverName: serverName,
                elapsed: acceptor.loop.now - start
            )
        )
    }
}

/// `@unchecked Sendable`: from the loop to the same loop.
private struct OfLoop: @unchecked Sendable {
    let value: TLSTransport

    init(_ value: TLSTransport) { self.value = value }
}
