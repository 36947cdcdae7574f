package import NIOCore

/// The connections of one event loop to one endpoint whose streams carry a request each. They stay where they are: a
/// stream that has ended is not taken back.
///
/// Used on its event loop alone.
package protocol MultiplexedUpstream: AnyObject {
    /// There is no connection, and none is being made.
    var isEmpty: Bool { get }

    /// A stream of a connection that is there; nil where none has room.
    ///
    /// - Parameters:
    ///   - probing: the request cannot be sent again: of a connection that idles, its pending input is looked at, which
    ///     costs a system call.
    ///   - upgrades: the request changes to WebSocket, which not every peer accepts on a stream.
    func openStream(probing: Bool, upgrades: Bool) -> (any ExchangeUpstream)?
    /// Called four times a second.
    ///
    /// - Parameter idleTimeout: a connection without streams closes then.
    func tick(now: NIODeadline, idleTimeout: TimeAmount)
    /// Closes the connections without streams.
    ///
    /// - Returns: whether there were any.
    func closeIdle() -> Bool
}
