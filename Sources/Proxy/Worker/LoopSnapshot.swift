package import Balancing
package import ProxyCore
package import Routing

/// What one event loop of a tier has, for commands.
package struct LoopSnapshot: Sendable {
    /// What becomes next of the checks of an endpoint.
    package enum Check: Sendable, Equatable {
        case underWay
        case due(MonotonicTime)
        /// No target that has the endpoint is in use.
        case paused
    }

    /// The targets that are in use, in no order.
    package let targets: [TargetSnapshot]
    /// Of the endpoints that this loop checks.
    package let checks: [SharedEndpoints.Key: Check]
    /// The targets that an operator has paused or stopped, with the requests that wait on this loop.
    package let holds: [String: (hold: TargetHold, waiting: Int)]
    /// The targets that are split.
    package let splits: [SplitSnapshot]
    /// What the rules in force say of targets.
    package let pools: [Pool]
}
