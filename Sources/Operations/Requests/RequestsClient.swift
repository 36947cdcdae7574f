import NIOCore
import NIOHTTP1

/// The last requests of a running tier, for commands.
package struct RequestsClient: Sendable {
    private let client: ControlClient

    package init(_ client: ControlClient) {
        self.client = client
    }

    package func request(_ id: String) async throws(ControlClient.Problem) -> RequestReport {
        try await client.send(.GET, ["requests", id])
    }

    /// The last request for a host.
    package func last(ofHost host: String) async throws(ControlClient.Problem) -> RequestReport {
        try await client.send(.GET, ["requests", "last"], query: [("host", host)])
    }
}
