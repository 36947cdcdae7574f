import RoutingConfig
import Settings
import Testing

@Suite struct MetricsReaderTests {
    private func load(_ metrics: String) throws -> MetricsSettings {
        try ConfigurationLoader.load(text: "rules: [{ name: all, to: a }]\nmetrics: \(metrics)\n").metrics
    }

    @Test func `Without the key nothing is excluded, and there is no ledger`() throws {
        let settings = try ConfigurationLoader.load(text: "rules: [{ name: all, to: a }]").metrics
        #expect(settings == MetricsSettings())
    }

    @Test func `Every key is read`() throws {
        let settings = try load(
            """
            { exclude: [/healthz, /live/x], top_hosts: 50, rules: 10, endpoints: 0,
              ledger: { file: ledger.jsonl, by: container, every: 10m, names: 5 } }
            """
        )
        var expected = MetricsSettings()
        expected.excludedPaths = ["/healthz", "/live/x"]
        (expected.topHosts, expected.rules, expected.endpoints) = (50, 10, 0)
        var ledger = LedgerSettings()
        (ledger.file, ledger.by, ledger.every, ledger.names) = ("ledger.jsonl", "container", .seconds(600), 5)
        expected.ledger = ledger
        #expect(settings == expected)
    }

    @Test(arguments: [
        ("{ exclude: [healthz] }", "`healthz` is not a path"),
        ("{ exclude: ['/a?b=1'] }", "`/a?b=1` is not a path"),
        ("{ exclude: /healthz }", "`metrics.exclude` must be a list, not the text `/healthz`"),
        ("{ top_hosts: 1 }", "`metrics.top_hosts` must be from 10 to 1000, not 1"),
        ("{ top: 1 }", "unknown key `top` in `metrics`"),
        ("{ ledger: { file: x } }", "`metrics.ledger` needs `file` and `by`"),
        ("{ ledger: { by: x } }", "`metrics.ledger` needs `file` and `by`"),
        ("{ ledger: { file: x, by: '${name}' } }", "`${name}` is not the name of a capture"),
        ("{ ledger: { file: x, by: a, every: 10ms } }", "`ledger.every` must be at least 1s"),
        ("{ ledger: { file: x, by: a, interval: 1h } }", "unknown key `interval` in `metrics.ledger`"),
    ])
    func `What is not valid is an error`(metrics: String, message: String) {
        let failure = #expect(throws: ConfigurationFailure.self) { _ = try load(metrics) }
        #expect(failure?.diagnostics.map(\.message) == [message])
    }
}
