import HTTP2
import NIOCore

/// A connection whose streams are used one by one: what a stream needs of it.
protocol HTTP2Link: AnyObject {
    var session: HTTP2Session { get }
    var loop: any EventLoop { get }
    /// What was queued leaves at the end of the loop's round, so that streams share system calls; that of a single stream earlier.
    func flushSoon()
    /// Sends what was queued. From the loop alone.
    func flush()
    /// Calls `outputLeft` of the waiter after each flush, for as long as it waits.
    func wait(for waiter: any HTTP2OutputWaiter)
}

/// Waits for bytes of a stream to leave.
protocol HTTP2OutputWaiter: AnyObject {
    /// Some may have left. From the loop alone.
    ///
    /// - Returns: whether it still waits.
    func outputLeft() -> Bool
}
