extension MetricsService {
    /// What the requests of rules were like since the start, by the rules' names; nil: nobody counts.
    func ruleFigures() async -> [String: RulesReport.Item.Figures]? {
        guard let metrics else { return nil }
        return await metrics.rules().mapValues { rule in
            RulesReport.Item.Figures(
                requests: rule.requests,
                failures: rule.failures,
                p50Ms: rule.p50Milliseconds,
                p99Ms: rule.p99Milliseconds
            )
        }
    }
}
