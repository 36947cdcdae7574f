import Transports
package import NIOCore

/// Follows a tunnel: whoever made it.
package protocol TunnelOwner: AnyObject {
    /// No more bytes pass. Called once.
    func tunnelEnded(_ ending: Tunnel.Ending)
    /// Both transports are closed. Comes after `tunnelEnded`, but not after `upstreamClosed`.
    func tunnelClosed()
}

/// Joins two transports: every byte of one goes to the other, in both directions, until either ends.
///
/// Either side may close its half first. Back-pressure: a side is read only while the other accepts bytes. A WebSocket can
/// be ended with close frames. Used on its event loop alone.
package final class Tunnel {
    /// How the tunnel ended.
    package enum Ending {
        /// The upstream has closed. What waits for the downstream is still to be sent: its transport goes back.
        case upstreamClosed
        /// The downstream has gone. What it sent last may still be on its way upstream.
        case downstreamClosed
        /// Neither side sent anything for too long.
        case timedOut
        /// Berth has ended it, with close frames where that was possible.
        case goneAway
    }

    private enum State {
        case open
        /// The downstream has gone in order; its last bytes are on their way.
        case draining
        /// Each side gets a close frame after the frame that it is getting, and is waited for until this time.
        case goingAway(until: NIODeadline)
        case closed
    }

    private var state = State.open
    private let downstream: TunnelSide
    private let upstream: TunnelSide
    /// When bytes last passed, or while draining, when the upstream last accepted some.
    private var activity: NIODeadline
    private var progress = WriteProgress()
    private let clock: () -> NIODeadline
    private weak var owner: (any TunnelOwner)?

    /// Bytes from the downstream.
    package var bytesUp: UInt64 { downstream.bytes }
    /// Bytes from the upstream.
    package var bytesDown: UInt64 { upstream.bytes }

    /// The downstream has closed its half.
    package var downstreamInputEnded: Bool { downstream.hasEnded }

    package let isWebSocket: Bool

    /// Takes both transports over; `start` begins.
    ///
    /// - Parameter clock: the loop's time.
    package init(
        downstream: TunnelEnd,
        upstream: TunnelEnd,
        isWebSocket: Bool = false,
        owner: any TunnelOwner,
        clock: @escaping () -> NIODeadline
    ) {
        self.isWebSocket = isWebSocket
        self.downstream = TunnelSide(downstream, isWebSocket: isWebSocket)
        self.upstream = TunnelSide(upstream, isWebSocket: isWebSocket)
        self.activity = clock()
        self.clock = clock
        self.owner = owner
    }

    package func start() {
        downstream.join(self)
        upstream.join(self)
        for side in [downstream, upstream] {
            if side.early.readableBytes > 0 {
                pass(side.takeEarly(), from: side)
                other(side).transport.flush()
            }
            if side.hasEnded { inputEnded(side) }
        }
        // The early bytes may have stopped the reading.
        for side in [downstream, upstream] {
            side.transport.awaitInput()
            side.transport.resumeReading()
        }
    }

    /// - Parameters:
    ///   - idle: how long both sides may be silent.
    ///   - accept: how long the upstream may accept nothing of the downstream's last bytes.
    package func tick(now: NIODeadline, idle: TimeAmount, accept: TimeAmount) {
        switch state {
        case .open:
            guard now - activity >= idle else { return }
            close()
            owner?.tunnelEnded(.timedOut)
            owner?.tunnelClosed()
        case .draining:
            let transport = upstream.transport
            let waiting = transport.waitingBytes
            if progress.advanced(waiting: waiting &+ transport.unacknowledgedBytes) { activity = now }
            guard now - activity >= (waiting > 0 ? accept : DataPathConstants.lingerTime) else { return }
            close()
            owner?.tunnelClosed()
        case .goingAway(let deadline):
            if now >= deadline { endGoingAway() }
        case .closed:
            break
        }
    }

    /// The endpoint may be gone: closes the tunnel where the endpoint's machine does not acknowledge anything.
    func checkUpstream() {
        guard case .open = state, !upstream.transport.peerResponds() else { return }
        upstream.transport.close()
        closed(upstream, failed: true)
    }

    /// Closes both sides at once. The owner is not called.
    package func close() {
        if case .closed = state { return }
        state = .closed
        for side in [downstream, upstream] {
            side.leave()
            side.transport.close()
        }
    }

    /// Breaks both sides off at once, so that neither looks whole. The owner is not called.
    func reset() {
        for side in [downstream, upstream] { side.transport.resetOnClose() }
        close()
    }

    func other(_ side: TunnelSide) -> TunnelSide { side === downstream ? upstream : downstream }

    // MARK: The end of a WebSocket

    /// Sends a close frame (1001) to each side, as soon as the frame that it is getting is whole. Nothing that comes from
    /// the other side after it passes. Without effect on what ends already, or is not a WebSocket.
    ///
    /// - Parameters:
    ///   - mask: of the frame to the upstream, at random.
    ///   - deadline: until then the sides may send close frames of their own; then both are closed. A side to which no whole
    ///     close frame could be sent is reset.
    func goAway(mask: UInt32, until deadline: NIODeadline) {
        guard case .open = state, isWebSocket else { return }
        state = .goingAway(until: deadline)
        upstream.farewell = WebSocketFrames.goingAway(mask: nil)
        downstream.farewell = WebSocketFrames.goingAway(mask: mask)
        for side in [downstream, upstream] { conclude(side) }
        for side in [downstream, upstream] { side.transport.resumeReading() }
        if downstream.isOver, upstream.isOver { endGoingAway() }
    }

    /// Whatever is left of it ends now.
    func endNow() {
        switch state {
        case .open, .draining: reset()
        case .goingAway: endGoingAway()
        case .closed: break
        }
    }

    /// What has passed from a side gets an end, where its last frame is whole.
    private func conclude(_ side: TunnelSide) {
        guard let farewell = side.farewell, let frames = side.frames, frames.isAtBoundary, !side.hasEnded
        else { return }
        side.farewell = nil
        side.isConcluded = true
        // It may have said so itself.
        if !frames.isClosed { other(side).transport.write(farewell) }
        other(side).transport.flush()
    }

    private func passLast(_ bytes: ByteBuffer, from side: TunnelSide) {
        var bytes = bytes
        if side.farewell != nil {
            let count = side.frames?.pass(bytes.readableBytesUInt8Span, stopsAtBoundary: true) ?? 0
            if let last = bytes.readSlice(length: count) {
                side.bytes &+= UInt64(UInt(bitPattern: count))
                other(side).transport.write(last)
            }
            conclude(side)
        }
        // The rest has no reader. A close frame among it is the side's last word.
        side.frames?.pass(bytes.readableBytesUInt8Span)
        if downstream.isOver, upstream.isOver { endGoingAway() }
    }

    private func endGoingAway() {
        state = .closed
        for side in [downstream, upstream] {
            if !other(side).isConcluded || side.transport.waitingBytes > 0 { side.transport.resetOnClose() }
            side.leave()
            side.transport.close()
        }
        owner?.tunnelEnded(.goneAway)
        owner?.tunnelClosed()
    }

    // MARK: Events of a side

    func accepts(_ side: TunnelSide) -> Bool {
        switch state {
        case .open: other(side).transport.isWritable
        case .goingAway: side.farewell == nil || other(side).transport.isWritable
        case .draining, .closed: true
        }
    }

    func pass(_ bytes: ByteBuffer, from side: TunnelSide) {
        switch state {
        case .open: break
        case .goingAway: return passLast(bytes, from: side)
        case .draining, .closed: return
        }
        activity = clock()
        side.bytes &+= UInt64(UInt(bitPattern: bytes.readableBytes))
        side.frames?.pass(bytes.readableBytesUInt8Span)
        if side === downstream { progress.wrote(bytes.readableBytes) }
        other(side).transport.write(bytes)
    }

    func inputEnded(_ side: TunnelSide) {
        side.hasEnded = true
        switch state {
        case .open: other(side).transport.closeOutput()
        case .goingAway: if downstream.isOver, upstream.isOver { endGoingAway() }
        case .draining, .closed: break
        }
    }

    func closed(_ side: TunnelSide, failed: Bool) {
        side.isGone = true
        switch state {
        case .closed:
            break
        case .draining:
            close()
            owner?.tunnelClosed()
        case .goingAway:
            // Nobody is left to wait for, or the client still has to reply.
            if side === downstream || downstream.isOver { endGoingAway() }
        case .open where side === upstream:
            state = .closed
            downstream.leave()
            upstream.leave()
            owner?.tunnelEnded(.upstreamClosed)
        case .open:
            // The second half-close closed the whole: what came before an orderly end is still sent.
            let drains = (side.hasEnded || !failed) && upstream.transport.waitingBytes > 0
            state = drains ? .draining : state
            // First of all: the rest may end the tunnel altogether.
            owner?.tunnelEnded(.downstreamClosed)
            guard drains else {
                close()
                owner?.tunnelClosed()
                return
            }
            activity = clock()
            upstream.transport.closeOutput()
            // What it sends now has no reader; but its end is waited for.
            upstream.transport.resumeReading()
        }
    }
}
