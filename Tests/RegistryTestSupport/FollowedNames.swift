package import Names
import NIOConcurrencyHelpers
import Routing

/// The names of a source as a directory would hold them, from its updates.
package final class FollowedNames: Sendable {
    package struct State: Sendable {
        package var names: [String: [NamedAddress]] = [:]
        /// All names that there have ever been.
        package var seen: Set<String> = []
        package var isUp = false
        package var downs: [String] = []
        package var problems: [String] = []
        package var snapshots = 0
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package var now: State { state.withLockedValue { $0 } }
    package var names: [String: [NamedAddress]] { now.names }

    package func take(_ update: NameSourceUpdate) {
        state.withLockedValue { state in
            switch update {
            case .snapshot(let names):
                state.names = names
                state.isUp = true
                state.snapshots += 1
            case .update(let set, let removed):
                state.names.merge(set) { $1 }
                for name in removed { state.names[name] = nil }
                state.isUp = true
            case .down(let reason):
                state.isUp = false
                state.downs.append(reason)
            case .problem(let text), .warning(let text): state.problems.append(text)
            }
            state.seen.formUnion(state.names.keys)
        }
    }
}

/// An endpoint as a named address.
package func at(
    _ text: String,
    weight: UInt16 = 1,
    identity: String? = nil,
    _ change: (inout NamedAddress) -> Void = { _ in }
) -> NamedAddress {
    guard let endpoint = Endpoint(text) else { fatalError("not an endpoint: \(text)") }
    var named = NamedAddress(
        address: endpoint.address,
        port: endpoint.port,
        weight: weight,
        identity: identity
    )
    change(&named)
    return named
}
