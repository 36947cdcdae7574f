import CEpoll
import Glibc
package import NIOCore
package import Transports

/// A connected TCP socket on an `EpollLoop`.
///
/// It joins the loop's epoll set only when it has to wait, edge-triggered: a short read or a short write shows that the
/// next change will be reported. Reads are limited per turn, so that no connection keeps the loop from the others.
///
/// Events reach the owner from the loop alone, never from within one of the owner's calls.
package final class SocketTransport: EpollSource, Transport {
    /// Bytes of one connection until the others have had their turn. The last read may exceed it.
    private static let turnBytes = 256 << 10
    /// Bytes of the largest read at first. It doubles with each read that fills it, up to `EpollLoop.readBytes`: where a
    /// large body passes, fewer and larger reads cost a fraction. It halves when the owner accepts no more, so that less
    /// waits for a slow reader.
    private static let smallReadBytes = 64 << 10
    /// Retransmissions without an acknowledgement after which the peer counts as gone: about three seconds.
    private static let maxUnanswered = 4
    private static let interest: EpollEvents = [.input, .urgent, .peerClosed, .edgeTriggered]

    /// An end of the whole that its owner has not been told yet.
    private enum End {
        case none
        case orderly
        case failed
    }

    package var owner: (any TransportOwner)?
    package private(set) var isReadingPaused = false

    private let loop: EpollLoop
    private var output = OutputQueue()
    private var whenAllSent: (() -> Void)?
    private var whenConnected: ((SocketError?) -> Void)?
    private var connectTimer: EpollTimer?
    private var end = End.none

    private var isAccepted = false
    private var isWatched = false
    private var watchesOutput = false
    /// There may be bytes that have not been read.
    private var mayHaveInput = true
    /// The peer has closed its half or both: each read may be the last.
    private var isEndNear = false
    private var isReading = false
    private var readBytes = Int32(smallReadBytes)
    private var isInputEnded = false
    /// Too many bytes wait.
    private var isBlocked = false
    private var owesWritability = false
    private var closesOutput = false
    private var isOutputClosed = false
    /// Nothing that is written arrives any more.
    private var isOutputFailed = false
    /// The kernel probes whether the peer's machine is still there.
    private var isPeerProbed = false

    /// - Parameter descriptor: of a socket that does not block; it belongs to the transport from now on.
    package init(_ descriptor: Int32, loop: EpollLoop) {
        self.loop = loop
        super.init(descriptor)
    }

    /// Begins to read an accepted connection: at once, as its first bytes are often there already.
    package func begin() {
        isAccepted = true
        read()
    }

    /// Connects, and begins to read. To be called once, instead of `begin`.
    ///
    /// - Parameters:
    ///   - timeout: after which the attempt ends with ETIMEDOUT.
    ///   - done: called once, with the reason where there is no connection; at once where the system refuses.
    package func connect(
        to endpoint: SocketEndpoint,
        timeout: TimeAmount,
        _ done: @escaping (SocketError?) -> Void
    ) {
        let result = endpoint.withSockaddr { pointer, size in Glibc.connect(descriptor, pointer, size) }
        guard result == 0 || errno == EINPROGRESS else {
            let error = SocketError("connect")
            close()
            return done(error)
        }
        // Held until it is canceled, and not weakly: each retain of an object with weak references takes a detour.
        connectTimer = loop.schedule(at: loop.roundTime + timeout) { [self] in
            connected(SocketError("connect", code: ETIMEDOUT))
        }
        whenConnected = done
        watch()
        if end != .none {
            end = .none
            connected(SocketError("epoll_ctl", code: ENOMEM))
        }
    }

    private func connected(_ error: SocketError?) {
        guard let done = whenConnected else { return }
        whenConnected = nil
        cancelConnectTimer()
        if error != nil { close() }
        done(error)
        flush()
    }

    private func cancelConnectTimer() {
        connectTimer?.cancel()
        connectTimer = nil
    }

    // MARK: State

    package var isActive: Bool { isOpen && !isOutputFailed }

    /// There may still be something to read.
    private var isOpen: Bool { descriptor >= 0 && whenConnected == nil && end == .none }

    package var isWritable: Bool { !isBlocked }

    package var waitingBytes: Int { output.bytes }

    package var unacknowledgedBytes: Int {
        var bytes: Int32 = 0
        // SIOCOUTQ, see tcp(7).
        return ioctl(descriptor, UInt(TIOCOUTQ), &bytes) == 0 ? Int(max(0, bytes)) : 0
    }

    package var hasPendingInput: Bool {
        guard isActive else { return false }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count >= 0 || errno != EAGAIN
    }

    package func peerResponds() -> Bool {
        guard isActive else { return true }
        if !isPeerProbed {
            isPeerProbed = true
            SocketOptions.probePeer(descriptor)
        }
        return SocketOptions.unansweredTransmissions(descriptor) < Self.maxUnanswered
    }

    // MARK: Events

    package override func ready(_ events: EpollEvents) {
        if whenConnected != nil { return finishConnecting(events) }
        if events.contains(.output), !output.isEmpty { send() }
        guard hasInput(events) else { return tellWritability() }
        // A client that has gone altogether reads nothing any more, and what it sent last may wait for ever. (What an
        // endpoint sent before it broke off is still read.)
        if events.contains([.error, .hangUp]), isInputEnded || (isAccepted && owner?.acceptsBytes != true) {
            end = .failed
        }
        tellWritability()
        tellEnd()
        read()
    }

    private func finishConnecting(_ events: EpollEvents) {
        guard !events.isDisjoint(with: [.output, .error, .hangUp]) else { return }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        connected(code == 0 ? nil : SocketError("connect", code: code))
        if hasInput(events) { read() }
    }

    /// Notes what events say of the input.
    private func hasInput(_ events: EpollEvents) -> Bool {
        if !events.isDisjoint(with: [.urgent, .peerClosed, .error, .hangUp]) { isEndNear = true }
        guard isEndNear || events.contains(.input) else { return false }
        mayHaveInput = true
        return true
    }

    package override func resume() {
        tellWritability()
        tellEnd()
        read()
    }

    package override func loopEnded() {
        close()
    }

    private func tellWritability() {
        guard owesWritability else { return }
        owesWritability = false
        owner?.becameWritable()
    }

    private func tellEnd() {
        guard end != .none, descriptor >= 0 else { return }
        let failed = end == .failed
        let owner = self.owner
        close()
        owner?.closed(failed: failed)
    }

    private func ended(_ end: End) {
        guard descriptor >= 0, self.end == .none else { return }
        self.end = end
        loop.resumeLater(self)
    }

    private func watch() {
        guard !isWatched, descriptor >= 0 else { return }
        isWatched = true
        watchesOutput = whenConnected != nil || !output.isEmpty
        if !loop.watch(self, watchesOutput ? Self.interest.union(.output) : Self.interest) { ended(.failed) }
    }

    private func watchOutput() {
        guard !watchesOutput else { return }
        guard isWatched else { return watch() }
        // It stays so: edge-triggered, it is reported only after the kernel's buffer was full.
        watchesOutput = true
        if !loop.change(self, Self.interest.union(.output)) { ended(.failed) }
    }

    // MARK: Reading

    package func awaitInput() {
        watch()
    }

    package func resumeReading() {
        guard isReadingPaused, !isReading, owner?.acceptsBytes == true else { return }
        isReadingPaused = false
        if mayHaveInput { loop.resumeLater(self) }
    }

    private func read() {
        guard mayHaveInput, !isReading, !isInputEnded, isOpen else { return }
        isReading = true
        isReadingPaused = false
        var left = Self.turnBytes
        while isOpen {
            guard let owner, owner.acceptsBytes else {
                isReadingPaused = true
                readBytes = max(readBytes / 2, Int32(Self.smallReadBytes))
                break
            }
            guard left > 0 else {
                loop.resumeLater(self)
                break
            }
            let most = Int(readBytes)
            var (bytes, count) = loop.receive(descriptor, most)
            if count > 0 {
                left -= count
                if count == most {
                    readBytes = Int32(min(2 * most, EpollLoop.readBytes))
                } else if count < Self.smallReadBytes {
                    readBytes = Int32(Self.smallReadBytes)
                }
                owner.received(&bytes)
                bytes = ByteBuffer()
                self.owner?.readCompleted()
                guard count == most || isEndNear else {
                    mayHaveInput = false
                    isReadingPaused = self.owner?.acceptsBytes != true
                    break
                }
            } else {
                mayHaveInput = false
                readNothing(count)
                break
            }
        }
        isReading = false
    }

    /// - Parameter count: 0 at the end of the input, or negative an error.
    private func readNothing(_ count: Int) {
        if count == 0, !isOutputFailed { return inputEnded() }
        guard count == -Int(EAGAIN), !isOutputFailed else {
            end = .failed
            return tellEnd()
        }
        // Urgent data is over, or a wake-up was spurious.
        isEndNear = false
        watch()
    }

    private func inputEnded() {
        isInputEnded = true
        guard isOutputClosed else {
            owner?.inputEnded()
            return
        }
        end = .orderly
        tellEnd()
    }

    // MARK: Writing

    package func write(_ bytes: ByteBuffer) {
        guard descriptor >= 0, end == .none, !closesOutput, !isOutputClosed, !isOutputFailed else { return }
        output.append(bytes)
        if output.bytes > TransportSizes.highWatermark { isBlocked = true }
    }

    package func flush() {
        send()
        if owesWritability { loop.resumeLater(self) }
    }

    private func send() {
        guard !output.isEmpty, isActive else { return }
        let wasHeld = output.isHeld
        switch output.send(to: descriptor) {
        case .sent: allSent()
        case .blocked: watchOutput()
        case .failed: return outputFailed()
        }
        if isBlocked, output.bytes <= TransportSizes.lowWatermark {
            isBlocked = false
            owesWritability = true
        }
        if wasHeld, output.isEmpty { owesWritability = true }
    }

    /// An endpoint may have responded before it broke off: what it sent is read first. A client reads nothing any more.
    private func outputFailed() {
        guard !isAccepted, !isInputEnded else { return ended(.failed) }
        isOutputFailed = true
        output.removeAll()
        mayHaveInput = true
        isEndNear = true
        loop.resumeLater(self)
    }

    private func allSent() {
        if closesOutput { closeOutputNow() }
        guard let done = whenAllSent else { return }
        whenAllSent = nil
        done()
    }

    package func whenFlushed(_ done: @escaping () -> Void) {
        flush()
        guard !output.isEmpty, isActive else { return done() }
        let earlier = whenAllSent
        whenAllSent = {
            earlier?()
            done()
        }
    }

    // MARK: Closing

    package func closeOutput() {
        guard descriptor >= 0, !isOutputClosed else { return }
        closesOutput = true
        flush()
        if output.isEmpty { closeOutputNow() }
    }

    private func closeOutputNow() {
        guard isActive, !isOutputClosed else { return }
        isOutputClosed = true
        if isInputEnded { return ended(.orderly) }
        shutdown(descriptor, Int32(SHUT_WR))
        watch()
    }

    package func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    package func close() {
        owner = nil
        whenConnected = nil
        cancelConnectTimer()
        output.removeAll()
        loop.close(self)
        guard let done = whenAllSent else { return }
        whenAllSent = nil
        done()
    }
}
