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
/// Either side may close its half first. Back-pressure: a side is read only while the other accepts bytes. Used on
/// its event loop alone.
package final class Tunnel {
    /// How the tunnel ended.
    package enum Ending {
        /// The upstream has closed. What waits for the downstream is still to be sent: its transport goes back.
        case upstreamClosed
        /// The downstream has gone. What it sent last may still be on its way upstream.
        case downstreamClosed
        /// Neither side sent anything for too long.
        case timedOut
    }

    private enum State {
        case open
        /// The downstream has gone in order; its last bytes are on their way.
        case draining
        case closed
    }

    private var state = State.open
    private let downstream: Side
    private let upstream: Side
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

    /// Takes both transports over; `start` begins.
    ///
    /// - Parameters:
    ///   - clock: the loop's time.
    package init(
        downstream: TunnelEnd,
        upstream: TunnelEnd,
        owner: any TunnelOwner,
        clock: @escaping () -> NIODeadline
    ) {
        self.downstream = Side(downstream)
        self.upstream = Side(upstream)
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
        case .closed:
            break
        }
    }

    /// The endpoint may be gone: closes the tunnel where the endpoint's machine does not acknowledge anything.
    func checkUpstream() {
        guard state == .open, !upstream.transport.peerResponds() else { return }
        upstream.transport.close()
        closed(upstream, failed: true)
    }

    /// Closes both sides at once. The owner is not called.
    package func close() {
        guard state != .closed else { return }
        state = .closed
        for side in [downstream, upstream] {
            side.leave()
            side.transport.close()
        }
    }

    private func other(_ side: Side) -> Side { side === downstream ? upstream : downstream }

    // MARK: Events of a side

    private func accepts(_ side: Side) -> Bool {
        switch state {
        case .open: other(side).transport.isWritable
        case .draining, .closed: true
        }
    }

    private func pass(_ bytes: ByteBuffer, from side: Side) {
        guard state == .open else { return }
        activity = clock()
        side.bytes &+= UInt64(UInt(bitPattern: bytes.readableBytes))
        if side === downstream { progress.wrote(bytes.readableBytes) }
        other(side).transport.write(bytes)
    }

    private func inputEnded(_ side: Side) {
        side.hasEnded = true
        if state == .open { other(side).transport.closeOutput() }
    }

    private func closed(_ side: Side, failed: Bool) {
        switch state {
        case .closed:
            break
        case .draining:
            close()
            owner?.tunnelClosed()
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

    /// One side: receives its transport's events.
    private final class Side: TransportOwner {
        let transport: any Transport
        var bytes: UInt64 = 0
        var hasEnded: Bool
        private(set) var early: ByteBuffer
        /// Until the tunnel ends.
        private var tunnel: Tunnel?

        init(_ end: TunnelEnd) {
            transport = end.transport
            early = end.early
            hasEnded = end.inputEnded
        }

        func join(_ tunnel: Tunnel) {
            self.tunnel = tunnel
            transport.owner = self
        }

        func leave() {
            tunnel = nil
            transport.owner = nil
        }

        func takeEarly() -> ByteBuffer {
            defer { early = ByteBuffer() }
            return early
        }

        var acceptsBytes: Bool { tunnel?.accepts(self) ?? true }

        func received(_ bytes: inout ByteBuffer) {
            tunnel?.pass(bytes, from: self)
            bytes = ByteBuffer()
        }

        func readCompleted() {
            guard let tunnel else { return }
            tunnel.other(self).transport.flush()
        }

        func inputEnded() {
            tunnel?.inputEnded(self)
        }

        func becameWritable() {
            guard let tunnel else { return }
            tunnel.other(self).transport.resumeReading()
        }

        func closed(failed: Bool) {
            tunnel?.closed(self, failed: failed)
        }
    }
}
