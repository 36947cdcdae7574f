import NIOHTTP1

/// Reloads the files of a running tier over its control socket, for commands.
package struct ReloadClient: Sendable {
    private let client: ControlClient

    package init(_ address: ControlAddress) {
        client = ControlClient(address)
    }

    package init(_ client: ControlClient) {
        self.client = client
    }

    /// - Parameter limit: the share of hosts, percent, that may change their route; nil: as the tier has it.
    package func reload(guardLimit limit: Double? = nil) async throws(ControlClient.Problem) -> ReloadReport {
        try await client.send(.POST, ["reload"], body: limit.map { TierControl.ReloadOptions(guard: $0) })
    }
}
