import RoutingConfig
import Settings
import Testing

/// `tracing` of rule files that are valid; Golden/tracing*.yaml has the others.
@Suite struct TracingReaderTests {
    private static func read(_ text: String) throws -> TracingSettings? {
        try ConfigurationLoader.load(text: "rules: [{ name: a, to: b }]\n" + text).tracing
    }

    @Test func `Its keys have defaults`() throws {
        #expect(try Self.read("") == nil)
        #expect(try Self.read("tracing:") == nil)
        let settings = try #require(try Self.read("tracing: { endpoint: 'http://c:4318/v1/traces' }"))
        #expect(settings == TracingSettings(endpoint: "http://c:4318/v1/traces"))
        #expect(settings.sample == 0.01 && settings.accept == .trusted)
    }

    @Test(arguments: [
        ("1%", 0.01), ("0.5%", 0.005), ("100%", 1), ("0", 0), ("0.25", 0.25), ("1", 1), ("0%", 0),
    ])
    func `A share is a percentage or a number`(text: String, share: Double) throws {
        let settings = try Self.read(
            "tracing: { endpoint: 'https://c/v1/traces', sample: \(text), accept: all }"
        )
        #expect(settings?.sample == share && settings?.accept == .all)
    }

    @Test(arguments: [
        "c:4318/v1/traces", "ftp://c/v1/traces", "http:///v1/traces", "http://u:p@c/v1/traces", "http://c",
        "http://c/",
    ])
    func `An endpoint is a URL with a path`(url: String) {
        #expect(throws: ConfigurationFailure.self) { try Self.read("tracing: { endpoint: '\(url)' }") }
    }

    @Test(arguments: ["101%", "1.1", "-1", "1e-3", "half", "%", ""])
    func `Other shares are refused`(text: String) {
        #expect(throws: ConfigurationFailure.self) {
            try Self.read("tracing: { endpoint: 'http://c/v1/traces', sample: '\(text)' }")
        }
    }
}
