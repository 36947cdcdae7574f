import Names
import Routing
import NIOConcurrencyHelpers

/// What a source has told so far: the names as a directory would hold them.
final class Followed: Sendable {
    struct State {
        var names: [String: [NamedAddress]] = [:]
        var isUp = false
        var downs: [String] = []
        var problems: [String] = []
        var snapshots = 0
    }

    private let state = NIOLockedValueBox(State())

    var now: State { state.withLockedValue { $0 } }
    var names: [String: [NamedAddress]] { now.names }

    func take(_ change: NameSourceUpdate) {
        state.withLockedValue { state in
            switch change {
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
            case .problem(let text): state.problems.append(text)
            }
        }
    }
}

func at(_ text: String, weight: UInt16 = 1, identity: String? = nil) -> NamedAddress {
    guard let endpoint = Endpoint(text) else { fatalError("not an endpoint: \(text)") }
    return NamedAddress(address: endpoint.address, port: endpoint.port, weight: weight, identity: identity)
}
