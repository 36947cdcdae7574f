package import NIOCore
package import Routing

/// What a request did before the attempt that counted: waits, new connections, attempts that failed.
///
/// Most requests have none: they go over an idle connection at once. The objects are used again and again
/// (`RequestHistory`), so that none is made for a request. Used on one event loop alone.
final class RequestNotes {
    /// Attempts of one request that are kept; the rest is counted.
    static let maxAttempts = 8

    private(set) var attempts: [RequestAttempt] = []
    /// Attempts that were not kept.
    private(set) var moreAttempts = 0
    private(set) var waits = RequestWaits()
    private var wait: (kind: RequestWaits.Kind, began: NIODeadline)?
    /// When the connection of the attempt that is under way was begun; nil: it has an idle one.
    private(set) var connectBegan: NIODeadline?
    /// When TCP was connected and the TLS handshake began.
    var handshakeBegan: NIODeadline?
    /// The status of the response that was discarded for another attempt; 0: none.
    var discardedStatus = 0
    /// An attempt has begun that is not in `attempts`.
    private(set) var hasAttempt = true

    init() {
        attempts.reserveCapacity(Self.maxAttempts)
    }

    func clear() {
        attempts.removeAll(keepingCapacity: true)
        moreAttempts = 0
        waits = RequestWaits()
        wait = nil
        connectBegan = nil
        handshakeBegan = nil
        discardedStatus = 0
        hasAttempt = true
    }

    /// The request goes to an endpoint.
    func beginAttempt(now: NIODeadline) {
        endWait(now: now)
        hasAttempt = true
    }

    /// … over a new connection.
    func connect(now: NIODeadline) {
        beginAttempt(now: now)
        connectBegan = now
    }

    func beginWait(_ kind: RequestWaits.Kind, now: NIODeadline) {
        endWait(now: now)
        wait = (kind, now)
    }

    func endWait(now: NIODeadline) {
        waits = waits(now: now)
        wait = nil
    }

    /// With the wait that is under way.
    func waits(now: NIODeadline) -> RequestWaits {
        var waits = waits
        if let wait { waits.add(now - wait.began, to: wait.kind) }
        return waits
    }

    func add(_ attempt: RequestAttempt) {
        connectBegan = nil
        handshakeBegan = nil
        discardedStatus = 0
        hasAttempt = false
        guard attempts.count < Self.maxAttempts else { return moreAttempts += 1 }
        attempts.append(attempt)
    }
}

/// An attempt to send a request to an endpoint that was given up.
package struct RequestAttempt: Sendable {
    package let endpoint: Endpoint
    package let pick: PickReason
    /// Since the request began.
    package let began: TimeAmount
    /// When its connection was there; nil: it never was.
    package let connected: TimeAmount?
    package let ended: TimeAmount
    /// The connection had been used before.
    package let reused: Bool
    package let reason: Failure.Reason
    /// Of the trace; 0: there is none.
    package let span: UInt64
    /// Of the response that was discarded; 0: there was none.
    package let status: Int
}

/// How long a request waited before it was sent.
package struct RequestWaits: Sendable, Equatable {
    package enum Kind: Sendable { case name, hold, place }

    /// For the endpoints of a name; nil: it did not wait.
    package private(set) var name: TimeAmount?
    /// For a target that was paused.
    package private(set) var hold: TimeAmount?
    /// For a place at its target.
    package private(set) var place: TimeAmount?

    mutating func add(_ time: TimeAmount, to kind: Kind) {
        switch kind {
        case .name: name = (name ?? .zero) + time
        case .hold: hold = (hold ?? .zero) + time
        case .place: place = (place ?? .zero) + time
        }
    }
}
