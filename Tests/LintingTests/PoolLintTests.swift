import Linting
import RoutingConfig
import Testing

@Suite struct PoolLintTests {
    private static func findings(_ text: String) -> [Diagnostic] {
        DefectTests.lint(text).findings
    }

    private static func codes(rules: String, pools: String, more: String = "") -> [Diagnostic.Code] {
        findings("rules: [\(rules)]\npools: [\(pools)]\nnames: [system: {}]\n\(more)").map(\.code)
    }

    private static let named = "{ name: a, host: a.test, to: 'api:80' }"
    private static let captured =
        "{ name: a, host: '~^(?<app>[a-z]+)-(?<no>[0-9]{2})\\.test$', to: 'x_${app}_${no}:80' }"

    // MARK: unused_pool

    @Test(arguments: [
        ("{ name: api }", false), ("{ name: API }", false), ("{ name: apis }", true),
        ("{ match: '~^a' }", false), ("{ match: '~i$' }", false), ("{ match: '~^b' }", true),
        ("{ match: '~(a)p' }", false), ("{ match: '~^(?=a)api' }", false), ("{ match: '~^(?!a)' }", true),
    ])
    func `A pool for a name that no rule spells out is a finding`(pool: String, isUnused: Bool) {
        #expect(Self.codes(rules: Self.named, pools: pool) == (isUnused ? [.unusedPool] : []), "\(pool)")
    }

    @Test(arguments: [
        ("{ name: x_shop_01 }", false), ("{ name: x_shop_1 }", true), ("{ name: shop_01 }", true),
        ("{ match: '~^x_' }", false), ("{ match: '~^X_SHOP_' }", false), ("{ match: '~_[0-9]{3}$' }", true),
        ("{ match: '~^y' }", true), ("{ match: '~_01$' }", false),
        // What is not regular is not decided, unless even more than it matches is never given.
        ("{ match: '~^(?!y)x' }", false), ("{ match: '~^(.)\\1' }", false), ("{ match: '~^(?<=a)y' }", true),
    ])
    func `A pool for names that no capture can give is a finding`(pool: String, isUnused: Bool) {
        #expect(Self.codes(rules: Self.captured, pools: pool) == (isUnused ? [.unusedPool] : []), "\(pool)")
    }

    @Test(arguments: [
        "{ name: a, host: '~^(?<app>[a-z]+)\\.test$', path: '~^/(?<p>[a-z]+)', to: '${p}:80' }",
        "{ name: a, to: '${request_host}:80' }",
        "{ name: a, host: '~^(?x) (?<app> a | b ) $', to: '${app}:80' }",
        "{ name: a, host: '~^a(?<app>\\bx)$', to: '${app}:80' }",
        "{ name: a, host: '~^(?<a>.)(?<app>\\k<a>)$', to: '${app}:80' }",
    ])
    func `A pool counts as used where a rule's targets are not known`(rule: String) {
        #expect(!Self.codes(rules: rule, pools: "{ name: never }").contains(.unusedPool), "\(rule)")
    }

    @Test func `A pool is used by error pages, too`() {
        let rule = "{ name: a, host: a.test, to: 'api:80', error_pages: { 5xx: { to: 'pages:80/sorry' } } }"
        #expect(Self.codes(rules: rule, pools: "{ name: pages }, { name: api }") == [])
        let tier = "error_pages: { 404: { to: 'lost:80/x' } }"
        #expect(Self.codes(rules: Self.named, pools: "{ name: lost }", more: tier) == [])
    }

    @Test func `A misspelled name comes with the one that was meant`() throws {
        let found = Self.findings("rules: [\(Self.named)]\npools: [{ name: apii }]\nnames: [system: {}]")
        let finding = try #require(found.first)
        #expect(finding.hint == "did you mean `api`?" && finding.line == 2 && finding.column == 17)
    }

    @Test func `An address is a target without a name`() {
        let rule = "{ name: a, host: a.test, to: '10.0.0.1:80' }"
        #expect(Self.codes(rules: rule, pools: "{ match: '~^10\\.' }") == [])
        #expect(Self.codes(rules: rule, pools: "{ name: api }") == [.unusedPool])
    }

    // MARK: shadowed_pool

    private static let any = "{ name: a, host: '~^(?<app>[a-z0-9-]+)\\.test$', to: '${app}:80' }"

    @Test(arguments: [
        ("{ match: '~^a' }, { match: '~^ab' }", true), ("{ match: '~^ab' }, { match: '~^a' }", false),
        ("{ match: '~a' }, { match: '~^a' }", true), ("{ match: '~^a$' }, { match: '~^a' }", false),
        ("{ match: '~^(a|b)' }, { match: '~^a' }", true),
        ("{ match: '~^a' }, { match: '~^b' }, { match: '~^(a|b)x' }", true),
        ("{ match: '~^a' }, { match: '~^A' }", true),
        // Names come first, wherever they are.
        ("{ match: '~^(api|web)$' }, { name: web }, { name: api }", true),
        ("{ match: '~^(api|web)$' }, { name: api }", false), ("{ match: '~^a' }, { name: api }", false),
        ("{ match: '~^(?!b)' }, { match: '~^a' }", false), ("{ match: '~^a' }, { match: '~^(?=a)ab' }", true),
        ("{ match: '~.' }, { match: '~^ab' }", true),
    ])
    func `A pool whose targets all belong to others is a finding`(pools: String, isShadowed: Bool) {
        let found = Self.codes(rules: Self.any, pools: pools)
        #expect(found == (isShadowed ? [.shadowedPool] : []), "\(pools)")
    }

    @Test func `The finding names a target, and those that have it`() throws {
        let text = """
            rules:
              - { name: a, host: '~^(?<app>[a-z]+)\\.test$', to: '${app}:80' }
            pools:
              - match: '~^a'
              - match: '~^b'
              - match: '~^c'
              - match: '~^(a|c)x'
            names: [system: {}]
            """
        let finding = try #require(Self.findings(text).first)
        #expect(finding.line == 7 && finding.column == 12)
        #expect(
            finding.message
                == "pool `~^(a|c)x` has no target: every name that it matches, e.g. `ax`, belongs to `~^a` (line 4), `~^c` (line 6)"
        )
    }

    // MARK: retry_time

    @Test(arguments: [
        ("{ name: api, retries: { total_time: 4s } }", "", true),
        ("{ name: api, retries: { total_time: 5s } }", "", false),
        ("{ name: api, retries: { total_time: 500ms } }", "timeouts: { connect: 250ms }", false),
        ("{ name: api, retries: { total_time: 500ms } }", "timeouts: { connect: 1s }", true),
        ("{ name: api, retries: { attempts: 2 } }", "", false),
    ])
    func `Retries that end before one connect timeout are a finding`(
        pool: String,
        more: String,
        isTooShort: Bool
    ) {
        #expect(Self.codes(rules: Self.named, pools: pool, more: more) == (isTooShort ? [.retryTime] : []))
    }

    @Test func `A rule's own connect timeout counts`() {
        let rule = "{ name: a, host: a.test, to: 'api:80', timeouts: { connect: 1s } }"
        #expect(Self.codes(rules: rule, pools: "{ name: api, retries: { total_time: 2s } }") == [])
    }

    // MARK: unlimited_queue

    @Test(arguments: [
        ("{ name: api, queue: {} }", "", true),
        ("{ name: api, queue: {}, max_requests: 5 }", "", false),
        ("{ name: api, queue: {}, max_conns: 5 }", "", false),
        ("{ name: api, queue: {} }", "limits: { connections_per_target: 100 }", false),
        ("{ name: api, queue: {}, endpoints: [{ address: 10.0.0.2:80, max_conns: 1 }] }", "", false),
        (
            "{ name: api, queue: {}, max_conns: 5, endpoints: [10.0.0.2:80, { address: 10.0.0.3:80, max_conns: unlimited }] }",
            "", true
        ),
        (
            "{ name: api, queue: {}, endpoints: [{ address: 10.0.0.2:80, max_conns: 1 }, { address: 10.0.0.3:80, down: true }] }",
            "", false
        ),
    ])
    func `A queue in which no request waits is a finding`(pool: String, more: String, isIdle: Bool) {
        #expect(
            Self.codes(rules: Self.named, pools: pool, more: more) == (isIdle ? [.unlimitedQueue] : [])
        )
    }

    @Test func `A comment on the line silences a finding about a pool`() {
        let text =
            "rules: [\(Self.named)]\npools:\n  - name: b # berth: allow unused_pool\nnames: [system: {}]"
        #expect(Self.findings(text).isEmpty)
    }

    @Test func `A pool with endpoints is a source of its name`() {
        let pools = "pools: [{ name: api, endpoints: [10.0.0.2:80] }]\n"
        #expect(Self.findings("rules: [\(Self.named)]\n\(pools)").isEmpty)
        let other = "rules: [\(Self.named), { name: b, host: b.test, to: 'web' }]\n\(pools)"
        #expect(Self.findings(other).map(\.code) == [.unknownTarget])
    }

    // MARK: Other targets

    private static let split = "{ name: api, split: [{ to: v1, weight: 9 }, { to: v2 }], failover: spare }"

    @Test func `A target that a pool leads to uses its pool`() {
        let pools = "\(Self.split), { name: v1 }, { name: v2 }, { name: spare }"
        #expect(Self.codes(rules: Self.named, pools: pools) == [])
        #expect(Self.codes(rules: Self.named, pools: "\(pools), { name: v3 }") == [.unusedPool])
        let template = "{ match: '~^a', failover: '${target}-spare' }"
        #expect(Self.codes(rules: Self.named, pools: "\(template), { match: '~-spare$' }") == [])
        #expect(Self.codes(rules: Self.named, pools: "\(template), { match: '~-spar$' }") == [.unusedPool])
    }

    @Test func `A target that a pool leads to and that no source has is a finding`() throws {
        let rules = "rules: [\(Self.named)]\npools: [\(Self.split)]\nnames: "
        let found = Self.findings(rules + "[static: { v1: 10.0.0.1, spar: 10.0.0.3 }]")
        #expect(found.map(\.code) == [.unknownTarget, .unknownTarget])
        #expect(
            found.map(\.message)
                == ["v2", "spare"].map { "no name source has `\($0)`: all of them are static" }
        )
        #expect(found.last?.hint == "did you mean `spar`?")
        #expect(Self.findings(rules + "[static: { v1: 10.0.0.1, v2: 10.0.0.2, spare: 10.0.0.3 }]").isEmpty)
        #expect(Self.findings(rules + "[dns: {}]").isEmpty)
        let pattern = "pools: [{ match: '~^a', split: [{ to: v1 }] }]\nnames: [static: { v1: 10.0.0.1 }]"
        #expect(Self.findings("rules: [\(Self.named)]\n" + pattern).isEmpty)
    }
}
