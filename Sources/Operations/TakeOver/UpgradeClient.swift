import NIOHTTP1

/// Has a running tier replaced by a new process over its control socket, for commands.
package struct UpgradeClient: Sendable {
    private let client: ControlClient

    package init(_ client: ControlClient) {
        self.client = client
    }

    /// - Parameters:
    ///   - binary: nil: the program of the running process, as it is on disk now.
    ///   - timeout: seconds until the new process accepts; nil: 60.
    package func upgrade(binary: String?, timeout: Int?) async throws(ControlClient.Problem) -> UpgradeReport
    {
        let request = UpgradeRequest(binary: binary, timeout: timeout)
        return try await client.send(
            .POST,
            ["upgrade"],
            body: request,
            accepting: [200, UpgradeReport.failureStatus],
            timeLimit: ControlClient.timeLimit + request.timeLimit
        )
    }

    package func generations() async throws(ControlClient.Problem) -> GenerationsReport {
        try await client.send(.GET, ["generations"])
    }
}
