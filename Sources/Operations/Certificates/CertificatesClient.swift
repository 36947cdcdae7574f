import NIOHTTP1

/// Reads the certificates of a running tier over its control socket, for commands.
package struct CertificatesClient: Sendable {
    private let client: ControlClient

    package init(_ address: ControlAddress) {
        client = ControlClient(address)
    }

    package init(_ client: ControlClient) {
        self.client = client
    }

    package func report() async throws(ControlClient.Problem) -> CertificatesReport {
        try await client.send(.GET, ["certificates"])
    }
}
