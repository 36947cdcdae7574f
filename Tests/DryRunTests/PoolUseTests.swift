import Names
import Routing
import RoutingConfig
import Testing

@testable import DryRun

/// What a dry run shows of pools.
@Suite struct PoolUseTests {
    private static func report(_ url: String, _ text: String) throws -> DryRunReport {
        let configuration = try ConfigurationLoader.load(text: text, file: "front.yaml")
        let names = try NameTable(offline: configuration.names)
        let run = DryRun(
            [DryRunTier("front", configuration, names: .offline(names))],
            frontAddress: nil,
            explain: false
        )
        let client = try #require(IPAddress("192.0.2.7"))
        return run.run(DryRunRequest(url: Array(url.utf8), client: client))
    }

    private static let text = """
        rules: [{ name: all, host: '~^(?<app>[a-z]+)\\.test$', to: '${app}' }]
        pools:
          - name: api
            balance: hash
            hash_key: '${path}'
            consistent: true
            endpoints: [{ address: 10.0.0.3:8080, weight: 3 }]
          - match: '~^w'
            balance: ip_hash
          - name: one
            endpoints: [10.0.0.5:81]
          - name: stays
            sticky: { cookie: berth }
            endpoints: [10.0.0.7:81]
        names: [static: { web: 10.0.0.4, other: 10.0.0.6 }]
        """

    @Test func `The pool, its method, the key and the endpoint are shown`() throws {
        let report = try Self.report("http://api.test/a?x", Self.text)
        let pool = try #require(report.tiers.first?.pool)
        #expect(report.tiers.first?.source == "pools" && report.tiers.first?.endpoints == ["10.0.0.3:8080"])
        #expect(pool.name == "api" && pool.location == "front.yaml:3" && pool.method == "hash consistent")
        #expect(pool.key == "/a" && pool.endpoint == "10.0.0.3:8080" && pool.weight == 3 && !pool.isBackup)
        let shown = DryRunText(color: false).render(report)
        #expect(
            shown.contains(
                "\n  pool      api (front.yaml:3) · hash consistent of /a · 10.0.0.3:8080, weight 3\n"
            )
        )
    }

    @Test func `A pool with a pattern takes the endpoints of the name sources`() throws {
        let report = try Self.report("http://web.test/", Self.text)
        let pool = try #require(report.tiers.first?.pool)
        #expect(report.tiers.first?.source == "static")
        #expect(pool.words == "~^w (front.yaml:8) · ip_hash of 192.0.2.7 · 10.0.0.4:80")
    }

    @Test func `How clients stay is shown`() throws {
        let report = try Self.report("http://stays.test/", Self.text)
        #expect(
            report.tiers.first?.pool?.words
                == "stays (front.yaml:12) · round_robin, sticky by cookie berth · 10.0.0.7:81"
        )
    }

    @Test func `How many requests run and wait is shown`() throws {
        let limits = """
            rules: [{ name: all, to: 'api' }]
            pools: [{ name: api, endpoints: [10.0.0.7:81], max_requests: 50, queue: { size: 20, timeout: 500ms } }]
            """
        let pool = try #require(try Self.report("http://api.test/", limits).tiers.first?.pool)
        #expect(pool.maxRequests == 50 && pool.queue?.size == 20 && pool.queue?.timeout == 0.5)
        #expect(
            pool.words
                == "api (front.yaml:2) · round_robin, at most 50 requests, 20 wait for 0.5s · 10.0.0.7:81"
        )
    }

    @Test func `Without a pool nothing is shown`() throws {
        let report = try Self.report("http://other.test/", Self.text)
        #expect(report.outcome == .forwarded && report.tiers.first?.pool == nil)
        #expect(!DryRunText(color: false).render(report).contains("pool "))
    }

    @Test func `A method without a key, and a target without an endpoint`() throws {
        #expect(
            try Self.report("http://one.test/", Self.text).tiers.first?.pool?.words
                == "one (front.yaml:10) · round_robin · 10.0.0.5:81"
        )
        let report = try Self.report("http://wx.test/", Self.text)
        #expect(report.reason == "unknown_target")
        #expect(report.tiers.first?.pool?.words == "~^w (front.yaml:8) · ip_hash of 192.0.2.7")
    }
}

/// What a dry run shows of splits and failovers.
@Suite struct SplitUseTests {
    private static let text = """
        rules: [{ name: all, host: '~^(?<app>[a-z]+)\\.test$', to: '${app}:8080' }]
        pools:
          - name: shop
            split:
              - { to: v1, weight: 9 }
              - { to: v2, weight: 1 }
              - { to: v2, header: X-Canary, value: 'yes' }
            failover: spare
          - name: lost
            failover: spare
        names: [static: { v2: 10.0.0.2, spare: 10.0.0.9 }]
        """

    private static func tier(_ url: String, _ headers: [(name: String, value: String)] = []) throws -> (
        DryRunReport, String
    ) {
        let configuration = try ConfigurationLoader.load(text: text, file: "front.yaml")
        let names = try NameTable(offline: configuration.names)
        let run = DryRun(
            [DryRunTier("front", configuration, names: .offline(names))],
            frontAddress: nil,
            explain: false
        )
        let client = try #require(IPAddress("192.0.2.7"))
        var request = DryRunRequest(url: Array(url.utf8), client: client)
        request.headers = headers
        let report = run.run(request)
        return (report, DryRunText(color: false).render(report))
    }

    @Test func `The part of a split is shown, and what decided`() throws {
        let (report, text) = try Self.tier("http://shop.test/", [("X-Canary", "yes")])
        let tier = try #require(report.tiers.first)
        #expect(
            tier.target == "shop:8080" && tier.usedTarget == "v2:8080" && tier.endpoints == ["10.0.0.2:8080"]
        )
        #expect(text.contains("\n  split     shop (front.yaml:3) · v1 9, v2 1 · v2 by header X-Canary\n"))
        #expect(text.contains("\n  used      v2:8080\n"))
        #expect(tier.failover == nil)
    }

    @Test func `A target that takes over is shown, and why`() throws {
        let (report, text) = try Self.tier("http://shop.test/")
        let tier = try #require(report.tiers.first)
        #expect(tier.split?.by == "weight" && tier.split?.target == "v1" && tier.usedTarget == "spare:8080")
        #expect(tier.failover?.map(\.target) == ["v1"] && tier.endpoints == ["10.0.0.9:8080"])
        #expect(text.contains("\n  failover  v1 is left: unknown_target\n"))
        let (other, _) = try Self.tier("http://lost.test/")
        #expect(other.outcome == .forwarded && other.tiers.first?.usedTarget == "spare:8080")
    }
}
