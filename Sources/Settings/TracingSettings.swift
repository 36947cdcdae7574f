/// Where spans of requests go, and of which requests (`tracing`).
package struct TracingSettings: Sendable, Hashable {
    /// Whose trace a request continues.
    package enum Acceptance: String, Sendable, CaseIterable {
        /// That of peers in `trusted_proxies`; for others a trace begins.
        case trusted
        /// That of anybody, with the decision whether it is sampled.
        case all
    }

    /// The collector's URL: OTLP over HTTP.
    package var endpoint: String
    /// Of the requests that begin a trace, those whose spans are sent: 0 to 1 (default 0.01).
    package var sample = 0.01
    package var accept = Acceptance.trusted

    package init(endpoint: String) {
        self.endpoint = endpoint
    }
}
