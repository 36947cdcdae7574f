import Balancing
import Proxy
import Routing

/// Probes endpoints until all are healthy, or their time is over.
struct DeployProbes: Sendable {
    let check: HealthCheck
    /// Successes in a row after which an endpoint is healthy.
    let rise: Int
    /// From one probe of an endpoint to the next.
    let pause: Duration
    /// How long the endpoints have.
    let limit: Duration
    let probe: @Sendable (Endpoint) async -> ProbeResult
    /// Called before each probe of the endpoint at an index.
    var begins: @Sendable (Int) -> Void = { _ in }
    /// Called after each success of the endpoint at an index. Returns whether the endpoint counts as healthy.
    var isUp: @Sendable (Int) -> Bool = { _ in true }
    /// Nothing is to be changed any longer.
    var isStopping: @Sendable () async -> Bool = { false }

    /// The refusal of `--health-path` where the pool has a check of its own.
    static func healthPathMessage(_ pool: Pool) -> String {
        "the pool '\(pool.name)' has a health check, which is used: leave out --health-path"
    }

    /// - Returns: what was found out of each endpoint, in their order.
    func run(_ endpoints: [Endpoint]) async -> [DeployReport.Probed] {
        let deadline = ContinuousClock.now + limit
        return await withTaskGroup(of: (Int, DeployReport.Probed).self) { tasks in
            for (index, endpoint) in endpoints.enumerated() {
                tasks.addTask { (index, await probe(endpoint, index, until: deadline)) }
            }
            var results: [(Int, DeployReport.Probed)] = []
            for await result in tasks { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func probe(
        _ endpoint: Endpoint,
        _ index: Int,
        until deadline: ContinuousClock.Instant
    ) async -> DeployReport.Probed {
        var probed = DeployReport.Probed(
            endpoint: "\(endpoint)",
            healthy: false,
            attempts: 0,
            response: "unknown"
        )
        var successes = 0
        while true {
            begins(index)
            let result = await probe(endpoint)
            probed.attempts += 1
            switch result {
            case .healthy:
                successes += 1
                probed.response = "ok"
                probed.healthy = isUp(index) && successes >= rise
            case .unhealthy(let word):
                successes = 0
                probed.response = word
            case .unknown:
                probed.response = "unknown"
            }
            let next = ContinuousClock.now + pause
            guard !probed.healthy, next < deadline, await !isStopping(),
                (try? await Task.sleep(until: next, clock: .continuous)) != nil
            else { return probed }
        }
    }

    /// What a probe sends, in words.
    static func words(_ check: HealthCheck) -> String {
        switch check.kind {
        case .tcp: "connect"
        case .http(let http): "\(http.method) \(http.path)"
        }
    }
}
