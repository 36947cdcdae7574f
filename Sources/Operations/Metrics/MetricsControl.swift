import Metrics

/// What the control socket of a tier offers of its metrics.
struct MetricsControl: Sendable {
    /// Hosts of `GET /top`, where the request names no number; and the most.
    private static let usualHosts = 20
    private static let maxHosts = 1000

    /// Nil: the tier is starting.
    let metrics: @Sendable () -> TierMetrics?

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/metrics", .read, "All metrics, in the text format of Prometheus.") {
                _ async throws(ControlRefusal) in
                ControlResponse(
                    status: 200,
                    contentType: MetricsText.contentType,
                    body: try await present().text()
                )
            },
            ControlRoute("GET", "/traffic", .read, "Rates of the last ten seconds.") {
                _ async throws(ControlRefusal) in
                .value(try await present().traffic())
            },
            ControlRoute("GET", "/top", .read, "The hosts with the most requests, bytes or errors.") {
                request async throws(ControlRefusal) in
                let (order, limit) = try Self.choice(request.query)
                return .value(try await present().top(by: order, limit: limit))
            },
        ]
    }

    private func present() throws(ControlRefusal) -> TierMetrics {
        guard let metrics = metrics() else { throw .starting }
        return metrics
    }

    private static func choice(
        _ query: [String: String]
    ) throws(ControlRefusal) -> (order: TopHosts.Order, limit: Int) {
        let by = query["by"] ?? TopHosts.Order.requests.rawValue
        guard let order = TopHosts.Order(rawValue: by) else {
            let orders = TopHosts.Order.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlRefusal(400, "`by` is not one of \(orders)")
        }
        let text = query["limit"] ?? "\(usualHosts)"
        guard let limit = Int(text), (1...maxHosts).contains(limit) else {
            throw ControlRefusal(400, "`limit` is not a number from 1 to \(maxHosts)")
        }
        return (order, limit)
    }
}
