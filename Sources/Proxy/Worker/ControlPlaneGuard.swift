import NIOConcurrencyHelpers
import ProxyCore
import Routing
import SystemSupport

/// The address guard of a running tier: what it protects changes with the rules, and when the addresses of registries
/// become known.
final class ControlPlaneGuard: Sendable {
    private struct State {
        /// As the rule files name them.
        var named: Set<Endpoint>
        /// Found by their host names.
        var resolved: Set<Endpoint> = []
    }

    private let listening: [Endpoint]
    private let ownAddresses: [IPAddress]
    private let state: NIOLockedValueBox<State>

    init(listening: [Endpoint], ownAddresses: [IPAddress], _ named: [Endpoint]) {
        self.listening = listening
        self.ownAddresses = ownAddresses
        self.state = NIOLockedValueBox(State(named: Set(named)))
    }

    /// What no request may be sent to, besides the listeners.
    var endpoints: [Endpoint] { state.withLockedValue { Array($0.named.union($0.resolved)) } }

    var addressGuard: AddressGuard {
        AddressGuard(
            listening: listening,
            ownAddresses: ownAddresses,
            controlPlane: endpoints,
            openPorts: OpenPorts.read()
        )
    }

    /// - Returns: the new guard; nil if nothing changed.
    func replace(_ named: [Endpoint]) -> AddressGuard? {
        let changed = state.withLockedValue { state in
            defer { state.named = Set(named) }
            return state.named != Set(named)
        }
        return changed ? addressGuard : nil
    }

    /// - Returns: the new guard; nil if nothing changed.
    func add(_ endpoints: [Endpoint]) -> AddressGuard? {
        let changed = state.withLockedValue { state in
            let before = state.resolved.count
            state.resolved.formUnion(endpoints)
            return state.resolved.count != before
        }
        return changed ? addressGuard : nil
    }
}
