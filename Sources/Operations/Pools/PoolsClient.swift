package import Balancing
import NIOCore
import NIOHTTP1

/// The pools of a running tier, for commands.
package struct PoolsClient: Sendable {
    private let client: ControlClient

    package init(_ address: ControlAddress) {
        client = ControlClient(address)
    }

    package init(_ client: ControlClient) {
        self.client = client
    }

    /// - Parameter name: of a target or a pool; nil: all.
    package func report(of name: String? = nil) async throws(ControlClient.Problem) -> PoolsReport {
        try await client.send(.GET, ["pools"] + (name.map { [$0] } ?? []))
    }

    /// Requests of a target wait, each for so long at most.
    package func pause(_ name: String, max: Duration) async throws(ControlClient.Problem) {
        let (seconds, attoseconds) = max.components
        let options = HoldControl.Options(max: Double(seconds) + Double(attoseconds) / 1e18)
        try await hold("pause", name, options)
    }

    /// Requests of a target get 503.
    package func stop(_ name: String, message: String?) async throws(ControlClient.Problem) {
        try await hold("stop", name, HoldControl.Options(message: message))
    }

    package func resume(_ name: String) async throws(ControlClient.Problem) {
        try await hold("resume", name, HoldControl.Options())
    }

    /// Sets weights of a split, by the names of its parts; nil: those of the rule file come back.
    ///
    /// - Returns: what is there afterwards.
    package func split(
        _ name: String,
        weights: [String: Int]?
    ) async throws(ControlClient.Problem) -> PoolsReport {
        let change = SplitControl.Change(weights: weights, reset: weights == nil ? true : nil)
        return try await client.send(.POST, ["pools", name, "split"], body: change)
    }

    /// Leads a target to other endpoints, when they are healthy.
    package func deploy(
        _ name: String,
        _ request: DeployRequest
    ) async throws(ControlClient.Problem) -> DeployReport {
        let limit = TimeAmount.milliseconds(
            Int64((request.waitsAtMost + request.drainsAtMost) * 1000)
        )
        return try await client.send(
            .POST,
            ["pools", name, "deploy"],
            body: request,
            accepting: [200, DeployReport.unhealthyStatus],
            timeLimit: limit + .seconds(90)
        )
    }

    /// Gives a target back to its name sources.
    package func reset(_ name: String, drainTimeout: Double) async throws(ControlClient.Problem)
        -> DeployReport
    {
        var request = DeployRequest(endpoints: [])
        request.drainTimeout = drainTimeout
        return try await client.send(
            .POST,
            ["pools", name, "reset"],
            body: request,
            timeLimit: .milliseconds(Int64(drainTimeout * 1000)) + .seconds(90)
        )
    }

    private func hold(
        _ verb: String,
        _ name: String,
        _ options: HoldControl.Options
    ) async throws(ControlClient.Problem) {
        _ = try await client.send(.POST, ["pools", name, verb], body: options, as: PoolsReport.self)
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
