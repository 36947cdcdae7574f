package import NIOCore

/// A connection to an upstream, as its owner sees it while no exchange uses it: an HTTP/1 connection, later a
/// stream of a multiplexed one.
///
/// Used on its event loop alone.
package protocol UpstreamCarrier: AnyObject {
    /// The endpoint that it leads to.
    var upstream: Upstream { get }
    /// Since when it has been idle.
    var idleSince: NIODeadline { get set }
    /// It can carry an exchange.
    var isUsable: Bool { get }
    /// Whether the peer has sent nothing that has not been read yet, its end included. May cost a system call.
    var hasNoPendingInput: Bool { get }
    /// Closes it; without effect on one that is closed.
    func close()
}
