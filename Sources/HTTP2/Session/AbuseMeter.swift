package import NIOCore

/// Whether a peer sends more frames without use than it has earned. Pure: time is an argument.
///
/// Each frame that makes work and moves no message costs points, as does each stream that is reset, by whichever side.
/// Messages that end, and content, earn points; so does time. A browser that leaves a page with a hundred images, or a
/// gRPC client that measures its bandwidth with PINGs, stays far away from the bound. A flood of any kind reaches it:
/// resets (CVE-2023-44487, CVE-2025-8671), SETTINGS, PING (CVE-2019-9512, CVE-2019-9515), PRIORITY (CVE-2019-9513),
/// window updates of one byte, a window that opens by some bytes (CVE-2019-9511), empty DATA and HEADERS (CVE-2019-9518).
package struct AbuseMeter: Sendable {
    /// What a peer may spend at once.
    static let capacity: Int64 = 2_000
    /// What each second earns.
    static let perSecond: Int64 = 100

    package enum Kind: Sendable {
        /// SETTINGS, PING, PRIORITY, a window update, empty DATA, CONTINUATION, or a frame of an unknown type.
        case control
        /// A stream was reset.
        case reset
        /// A part of a message was cut small by the peer's window, although more of it waits. It is content as well, whose
        /// points it costs.
        case sliver
        /// A head is so far beyond its limit that it was given up: to unpack it takes as long as hundreds of requests.
        case boundlessHead

        var cost: Int64 {
            switch self {
            case .control: 1
            case .reset, .sliver: 3
            case .boundlessHead: 50
            }
        }
    }

    private var points = Self.capacity
    private var updated: NIODeadline
    /// Of each kind, for the log.
    package private(set) var controls: UInt64 = 0
    package private(set) var resets: UInt64 = 0
    package private(set) var slivers: UInt64 = 0

    package init(now: NIODeadline) {
        updated = now
    }

    /// A frame without use arrived, or a stream was reset.
    package mutating func spend(_ kind: Kind) {
        points -= kind.cost
        switch kind {
        case .control: controls &+= 1
        case .reset, .boundlessHead: resets &+= 1
        case .sliver: slivers &+= 1
        }
    }

    /// A response was sent to its end.
    package mutating func streamCompleted() { earn(4) }

    /// A frame with content passed, in either direction. What it earns pays for the window updates that it leads to.
    package mutating func contentPassed() { earn(2) }

    private mutating func earn(_ count: Int64) {
        points = min(Self.capacity, points + count)
    }

    /// The peer has spent a tenth of what it may at least.
    var isSpending: Bool { points < Self.capacity / 10 * 9 }

    /// Counts what time has earned.
    package mutating func passed(to now: NIODeadline) {
        guard points < Self.capacity else {
            updated = now
            return
        }
        let seconds = (now - updated).nanoseconds / 1_000_000_000
        guard seconds > 0 else { return }
        earn(min(seconds, 1 << 20) * Self.perSecond)
        updated = now
    }

    /// Whether the peer has spent more than it had.
    package mutating func isExceeded(now: NIODeadline) -> Bool {
        passed(to: now)
        return points < 0
    }
}
