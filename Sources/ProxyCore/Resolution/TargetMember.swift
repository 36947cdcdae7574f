import Balancing
import NIOCore
import Names
import Routing

/// An endpoint of a target, with what the target's pool says of it.
struct TargetMember {
    let upstream: Upstream
    let settings: EndpointSettings
    /// What the name source states for this target. It is not the endpoint's: others may lead to the same one. What an
    /// operator sets of the endpoint counts before it.
    let sourceState: EndpointSettings.AdministrativeState
    /// What the tier at the endpoint has published of the target; nil: nothing. Nobody else checks it then. It is never
    /// charged to the endpoint, which may be a host with many containers.
    let publishedHealth: PublishedHealth?

    /// - Parameter pool: nil: the rule files say nothing of the target.
    init(_ upstream: Upstream, _ choice: Resolution.Choice, _ pool: Pool?) {
        self.upstream = upstream
        let isListed = pool?.member(at: choice.endpoint) != nil
        settings = EndpointSettings(of: choice.named, at: choice.endpoint, in: pool)
        sourceState = isListed ? .up : choice.named.state
        publishedHealth = isListed ? nil : choice.named.health
    }

    /// Requests go to others, if there are any.
    var isAvoided: Bool { upstream.isAvoided || publishedHealth == .down }

    /// What an operator has set; else what the name source states; else the settings.
    var administrativeState: EndpointSettings.AdministrativeState {
        let flags = upstream.shared.flags
        if sourceState != .up, !flags.contains(.setByOperator) { return sourceState }
        if flags.contains(.administrativelyDown) { return .down }
        return flags.contains(.drains) ? .drain : .up
    }

    /// As the balancer is to see it.
    var balanced: PoolMember {
        var settings = settings
        settings.administrativeState = administrativeState
        return PoolMember(id: upstream.endpoint.description, settings: settings)
    }

    var isUp: Bool { administrativeState == .up }

    /// It takes one more request.
    var hasRoom: Bool { settings.maxConnections.map { upstream.shared.requestsInFlight < $0 } ?? true }

    /// It takes requests that are bound to it: also while it drains.
    var mayServeBound: Bool { administrativeState != .down && hasRoom && publishedHealth != .down }

    func load(now: NIODeadline) -> EndpointLoad {
        EndpointLoad(
            requests: upstream.shared.requestsInFlight,
            nanoseconds: upstream.responseTime(now: now),
            weightShare: upstream.shared.share
        )
    }
}

extension PoolSettings {
    /// A pick depends on the load of each endpoint.
    var comparesEndpoints: Bool {
        switch method {
        case .leastConnections, .leastTime, .random(two: true): true
        case .roundRobin, .random(two: false): false
        case .ipHash, .hash, .maglev: hashBalanceFactor != nil
        }
    }
}
