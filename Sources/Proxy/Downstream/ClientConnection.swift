import NIOCore
import ProxyCore

/// A connection of a client, whatever protocol it uses: what the loop's list needs of it.
protocol ClientConnection: AnyObject {
    var connection: ConnectionInfo { get }
    /// Its index in the worker's list.
    var listIndex: Int { get set }
    /// It only waits for its next request, so that another connection may have its place.
    var isDispensable: Bool { get }
    /// What it does now, for operators.
    var activity: ConnectionActivity { get }
    /// Those of its requests, and perhaps one that serves none.
    func forEachExchange(_ body: (Exchange) -> Void)

    /// Called four times a second.
    func tick(now: NIODeadline)
    /// `drain` would do something now.
    var isToDrain: Bool { get }
    /// The tier shuts down: an idle connection closes, others after what runs.
    func drain()
    /// The tier's time to shut down is over.
    func drainExpired()
    /// Closes at once.
    func abort(resets: Bool)
}

extension ClientConnection {
    var isToDrain: Bool { isDispensable }
}
