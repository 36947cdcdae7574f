import FuzzChecks
import HTTP1
import Metrics
import NIOCore
import NIOEmbedded
import Names
import Routing
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// What a loop counts of its requests.
@Suite struct LoopMetricsTests {
    private let client = PipeTransport()
    private let loop = EmbeddedEventLoop()
    private let worker: Worker
    private let metrics: LoopMetrics
    private let rest = LedgerRest()

    init() throws {
        var settings = TierSettings(name: "front", instance: "test")
        settings.metrics.excludedPaths = ["/healthz"]
        var ledger = LedgerSettings()
        ledger.by = "name"
        settings.metrics.ledger = ledger
        worker = Worker(
            loop: loop,
            settings: settings,
            table: try RouteTable([
                RuleDefinition(
                    name: "named",
                    host: #"~^(?<name>[a-z0-9]+)\.test$"#,
                    action: .respond(status: 204)
                ),
                RuleDefinition(
                    name: "split",
                    host: "split.example",
                    path: "/v1",
                    action: .respond(status: 204)
                ),
            ]),
            resolver: TargetResolver(
                names: NameTable(layers: []),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: nil,
            gate: ConnectionGate(Limits()),
            seed: 1
        )
        metrics = LoopMetrics(
            settings.metrics,
            seed: 1,
            rest: rest,
            recentHosts: RecentHosts(),
            now: loop.now
        )
        worker.context.metrics = metrics
        DownstreamConnection(
            worker: worker,
            connection: ConnectionInfo(peer: IPAddress(v4: 0x7F00_0001), localPort: 1, trustedProxies: []),
            now: loop.now
        ).begin(client)
    }

    private func ask(_ host: String, _ path: String = "/") {
        client.peerSends("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        _ = client.takeReceived()
    }

    private func counts(_ rule: String) -> RequestCounts? {
        metrics.rules.first { $0.name == rule }?.counts
    }

    @Test func `Requests are counted by the rule that matched, and by cause where they failed`() throws {
        for _ in 0..<3 { ask("a.test") }
        ask("nobody")
        #expect(counts("named")?[status: 2] == 3)
        let none = try #require(metrics.rules.first { $0.name == RuleFigures.noRule })
        #expect(none.counts[status: 4] == 1)
        #expect(none.failures.map(\.reason) == [.noRule] && none.failures.map(\.count) == [1])
        #expect(worker.context.counters.requestsInFlight == 0)
    }

    @Test func `Excluded paths are counted apart, with any query`() {
        ask("a.test", "/healthz")
        ask("a.test", "/healthz?deep=1")
        ask("a.test", "/healthz/x")
        ask("a.test", "/health")
        #expect(metrics.excludedRequests == 2)
        #expect(counts("named")?.count == 2)
        #expect(metrics.topHosts(by: .requests, now: loop.now).entries.map(\.weight) == [2])
    }

    @Test func `Hosts are counted whether their decisions are remembered or not`() {
        for _ in 0..<3 { ask("a.test") }
        metrics.tick(now: loop.now)
        for _ in 0..<2 { ask("a.test") }
        // By path: each request has a decision of its own.
        for _ in 0..<4 { ask("split.example", "/v1") }
        ask("nobody")
        let top = metrics.topHosts(by: .requests, now: loop.now).entries
        let found = Dictionary(
            uniqueKeysWithValues: top.map { (String(decoding: $0.key, as: UTF8.self), $0.weight) }
        )
        #expect(found == ["a.test": 5, "split.example": 4, "nobody": 1])
    }

    @Test func `Hosts with a rule are remembered with all their requests`() throws {
        worker.context.history = RequestHistory(recent: 8, failed: 4, seed: 1)
        for number in 0..<3 { ask("a.test", "/\(number)") }
        for _ in 0..<2 { ask("split.example", "/v1") }
        ask("a.test", "/healthz")
        ask("nobody")
        metrics.tick(now: loop.now)
        ask("a.test", "/last")
        let hosts = metrics.hosts(now: loop.now).sorted { $0.requests > $1.requests }
        #expect(hosts.map { String(decoding: $0.host, as: UTF8.self) } == ["a.test", "split.example"])
        #expect(hosts.map(\.requests) == [5, 2])
        #expect(hosts.map { String(decoding: $0.method, as: UTF8.self) } == ["GET", "GET"])
        #expect(hosts.map { String(decoding: $0.target, as: UTF8.self) } == ["/last", "/v1"])
    }

    @Test func `A flood of hosts does not push out one that is in use`() throws {
        for _ in 0..<20 { ask("busy.test") }
        for number in 0..<900 { ask("h\(number).test") }
        metrics.tick(now: loop.now)
        // The first request of a decision is noted at once, and may be pushed out.
        let busy = try #require(metrics.hosts(now: loop.now).first { $0.host == Array("busy.test".utf8) })
        #expect(busy.requests >= 19)
    }

    @Test func `The ledger counts by what the rule captures`() throws {
        for _ in 0..<2 { ask("a.test") }
        ask("b.test")
        ask("nobody")
        metrics.handLedgerOver()
        let ledger = try #require(rest.take().first)
        var found: [String: UInt64] = [:]
        ledger.forEach { found[String(decoding: $0, as: UTF8.self)] = $1.requests }
        #expect(found == ["a": 2, "b": 1])
        #expect(ledger.unnamed.requests == 1)
    }

    @Test func `A rule that is forgotten is counted anew, and decisions that are remembered go on`() {
        for _ in 0..<3 { ask("a.test") }
        metrics.forget(["named"])
        #expect(counts("named") == nil)
        ask("a.test")
        ask("nobody")
        #expect(counts("named")?.count == 1)
        #expect(counts(RuleFigures.noRule)?.count == 1)
    }

    @Test func `Any number of hosts is counted in the same series`() {
        for number in 0..<5000 { ask("h\(number).test") }
        #expect(metrics.rules.count == 2)
        #expect(metrics.topHosts(by: .requests, now: loop.now).entries.count == 100)
        #expect(counts("named")?.count == 5000)
    }
}
