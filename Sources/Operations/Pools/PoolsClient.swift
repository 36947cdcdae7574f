package import Balancing
import NIOHTTP1

/// The pools of a running tier, for commands.
package struct PoolsClient: Sendable {
    private let client: ControlClient

    package init(_ address: ControlAddress) {
        client = ControlClient(address)
    }

    /// - Parameter name: of a target or a pool; nil: all.
    package func report(of name: String? = nil) async throws(ControlClient.Problem) -> PoolsReport {
        try await client.send(.GET, ["pools"] + (name.map { [$0] } ?? []))
    }

    /// - Returns: what is there afterwards.
    @discardableResult
    package func set(
        _ state: EndpointSettings.AdministrativeState,
        of endpoint: String,
        in name: String
    ) async throws(ControlClient.Problem) -> PoolsReport {
        let change = TierControl.StateChange(endpoint: endpoint, state: state.rawValue)
        return try await client.send(.POST, ["pools", name, "state"], body: change)
    }
}
