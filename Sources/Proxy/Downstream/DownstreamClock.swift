import NIOCore
import ProxyCore
import Settings

/// How long a downstream connection waits outside its exchanges. Pure: time is an argument.
struct DownstreamClock {
    enum Verdict {
        case wait
        case abort
        case closeGently
        /// The head that began has not arrived in time.
        case headIsLate
        /// It has been idle long enough to give its buffers back.
        case releaseBuffers
    }

    /// Since when the connection is in its phase, or waits for the head that has begun.
    private(set) var start: NIODeadline
    /// Since when the client could have read all of the last response.
    private var readable: NIODeadline
    /// Bytes of the next head have arrived.
    private(set) var headBegan = false

    init(now: NIODeadline) {
        start = now
        readable = now
    }

    /// A phase begins, or goes on for longer.
    mutating func restart(now: NIODeadline) { start = now }

    /// The client accepted bytes, or there are some now that it has to accept.
    mutating func accepted(now: NIODeadline) {
        start = now
        readable = now
    }

    /// Bytes of a head are there: its time begins with the first.
    mutating func headArrives(now: NIODeadline) {
        guard !headBegan else { return }
        headBegan = true
        start = now
    }

    mutating func headEnded() { headBegan = false }

    /// - Parameters:
    ///   - isBlocked: bytes of a response wait for the client to accept them.
    ///   - isFirst: no request has begun yet.
    func verdict(
        _ phase: DownstreamPhase,
        isBlocked: Bool,
        isFirst: Bool,
        _ timeouts: Timeouts<TimeAmount>,
        now: NIODeadline
    ) -> Verdict {
        let time = now - start
        switch phase {
        // One time for a handshake and the first byte of a request, whatever of the handshake the client accepts.
        case .idle where isBlocked && !isFirst, .lingering where isBlocked:
            return time >= timeouts.downstream ? .abort : .wait
        case .idle where headBegan:
            return time >= timeouts.header ? .headIsLate : .wait
        case .idle:
            if time >= (isFirst ? timeouts.header : timeouts.keepAlive) { return .abort }
            return time >= .seconds(1) ? .releaseBuffers : .wait
        case .discarding:
            return time >= DataPathConstants.lingerTime ? .closeGently : .wait
        case .lingering:
            let isOver =
                time >= DataPathConstants.lingerTime || now - readable >= DataPathConstants.lingerMost
            return isOver ? .abort : .wait
        case .exchange, .tunnel, .closed:
            return .wait
        }
    }
}
