import Routing
import RoutingConfig
import Testing

/// `access_log` and `tap` of rules.
@Suite struct LogPolicyTests {
    private static func rule(_ keys: String) throws -> Rule {
        try ConfigurationLoader.load(text: "rules: [{ name: all, to: 'a:80', \(keys) }]").table.rules[0]
    }

    private static func findings(_ text: String) -> [Diagnostic] {
        do throws(ConfigurationFailure) {
            _ = try ConfigurationLoader.load(text: text, file: "front.yaml")
            return []
        } catch {
            return error.diagnostics
        }
    }

    @Test func `A rule says which of its requests are logged`() throws {
        #expect(try Self.rule("access_log: off").definition.accessLog == .off)
        #expect(try Self.rule("access_log: all").definition.accessLog == .all)
        #expect(try Self.rule("max_body: 1MiB").definition.accessLog == nil)
        let policy = try #require(
            try Self.rule("access_log: { sample: 0.5%, only: [4xx, 503], errors: sampled }").definition
                .accessLog
        )
        #expect(policy.sample == SampleShare("0.5%") && !policy.keepsErrors && !policy.isOff)
        #expect(policy.only == StatusSet([400...499, 503...503]))
    }

    @Test func `The top of a file is for all other requests, and can be set once`() throws {
        let configuration = try ConfigurationLoader.load(
            text: "rules: [{ name: all, to: 'a:80' }]\naccess_log: { sample: 10% }\n"
        )
        #expect(configuration.accessLog?.sample == SampleShare("10%"))
        let bare = try ConfigurationLoader.load(text: "rules: [{ name: all, to: 'a:80' }]\naccess_log:\n")
        #expect(bare.accessLog == nil)
    }

    @Test(arguments: [
        "", "on", "true", "[off]", "{}", "{ sample: 10 }", "{ sample: 0% }", "{ sample: 101% }",
        "{ sample: }",
        "{ only: 4xx }", "{ only: [] }", "{ only: [600] }", "{ only: [1xx] }", "{ errors: sampled }",
        "{ sample: 10%, errors: none }", "{ sample: 10%, file: /tmp/x }", "{ sample: 100% }",
    ])
    func `A mistake in access_log is an error with its place`(value: String) {
        let found = Self.findings("rules:\n  - name: all\n    to: 'a:80'\n    access_log: \(value)\n")
        #expect(found.contains { $0.severity == .error && $0.line == 4 }, "\(found)")
    }

    @Test func `Hints say how to write it`() {
        let hint = { (text: String) in
            Self.findings("rules: [{ name: a, to: 'b:80', \(text) }]").first?.hint ?? ""
        }
        #expect(hint("access_log: { sampl: 10% }") == "did you mean `sample`?")
        #expect(hint("access_log: { path: x }").contains("--access-log"))
        #expect(hint("tap: { file: x }").contains("--tap-log"))
        #expect(hint("tap: true").contains("tap: {"))
        #expect(hint("acces_log: off") == "did you mean `access_log`?")
        let top = Self.findings("rules: [{ name: a, to: 'b:80' }]\ntap_log: x\n").first?.hint ?? ""
        #expect(top.contains("--tap-log"))
    }

    @Test func `A tap records heads, and what is named besides; credentials are always left out`() throws {
        let plain = try #require(try Self.rule("tap: {}").tap)
        #expect(plain.heads && plain.bodyBytes == 0 && plain.sample.isAll)
        #expect(plain.redactedFields == TapPolicy.credentials && plain.redactedParameters.isEmpty)
        let full = try #require(
            try Self.rule(
                "tap: { heads: true, bodies: 16KiB, sample: 1%, redact: [X-API-Key, cookie], redact_query: [Token] }"
            ).tap
        )
        #expect(full.bodyBytes == 16 << 10 && full.sample == SampleShare("1%"))
        #expect(
            full.redactedFields == TapPolicy.credentials + [Array("x-api-key".utf8), Array("cookie".utf8)]
        )
        #expect(full.redactedParameters == [Array("token".utf8)])
        #expect(try Self.rule("max_body: 1MiB").tap == nil)
    }

    @Test(arguments: [
        "", "true", "off", "[heads]", "{ heads: false }", "{ heads: yes }", "{ bodies: 2MiB }",
        "{ bodies: lots }",
        "{ sample: 1 }", "{ redact: authorization }", "{ redact: ['a b'] }", "{ redact: [''] }",
        "{ redact: [[a]] }",
        "{ redact_query: token }", "{ redact_query: [[a]] }", "{ redacted: [x-key] }", "{ bodys: 1KiB }",
    ])
    func `What cannot be read is never recorded unredacted: it is an error`(value: String) {
        let found = Self.findings("rules:\n  - name: all\n    to: 'a:80'\n    tap: \(value)\n")
        #expect(found.contains { $0.severity == .error && $0.line == 4 }, "\(found)")
    }

    @Test func `Rules with equal effects keep policies of their own`() throws {
        let text = """
            rules:
              - { name: a, host: a.test, to: 'x:80', tap: { bodies: 1KiB } }
              - { name: b, host: b.test, to: 'x:80', tap: { bodies: 2KiB }, access_log: off }
              - { name: c, host: c.test, to: 'x:80' }
            """
        let rules = try ConfigurationLoader.load(text: text).table.rules
        #expect(rules.map { $0.tap?.bodyBytes } == [1024, 2048, nil])
        #expect(rules.map { $0.definition.accessLog } == [nil, .off, nil])
    }
}
