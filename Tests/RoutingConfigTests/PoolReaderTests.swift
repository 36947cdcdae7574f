import Balancing
import Foundation
import Routing
import RoutingConfig
import Testing

/// Pools of rule files that are valid; Golden/pool*.yaml has the others.
@Suite struct PoolReaderTests {
    private static func configuration(_ pools: String) throws -> Configuration {
        try ConfigurationLoader.load(
            text: "rules: [{ name: all, to: api }]\npools:\n" + pools,
            file: "f.yaml"
        )
    }

    private static func pool(_ keys: String) throws -> Pool {
        try #require(try configuration("  - { name: api, \(keys) }\n").table.pools.pools.first)
    }

    @Test func `A pool without keys has the default settings`() throws {
        let pool = try Self.pool("weight: 1")
        #expect(pool.settings == PoolSettings() && pool.members.isEmpty && pool.hashKey == nil)
        #expect(pool.origin == SourceLocation(file: "f.yaml", line: 3, column: 5))
    }

    @Test func `An endpoint's own values count before those of the pool`() throws {
        let pool = try Self.pool(
            """
            weight: 2, max_conns: 10, max_fails: 0, fail_timeout: 1m, slow_start: 30s, endpoints: [10.0.0.2:8080,
              { address: '[::1]:80', weight: 0, max_conns: unlimited, max_fails: 3, fail_timeout: 2s, slow_start: 0,
              backup: true, drain: true }, { address: 10.0.0.4:80, down: true }]
            """
        )
        var first = EndpointSettings()
        first.weight = 2
        first.maxConnections = 10
        first.maxFailures = 0
        first.failTimeout = .seconds(60)
        first.slowStart = .seconds(30)
        #expect(pool.settings.endpoint == first)
        var second = EndpointSettings()
        second.weight = 0
        second.maxFailures = 3
        second.failTimeout = .seconds(2)
        second.isBackup = true
        second.administrativeState = .drain
        var third = first
        third.administrativeState = .down
        #expect(pool.members.map(\.endpoint.description) == ["10.0.0.2:8080", "[::1]:80", "10.0.0.4:80"])
        #expect(pool.members.map(\.settings) == [first, second, third])
    }

    @Test(arguments: [
        ("round_robin", BalancingMethod.roundRobin), ("least_conn", .leastConnections), ("ip_hash", .ipHash),
        ("least_time", .leastTime(.header)), ("least_time header", .leastTime(.header)),
        ("least_time last_byte", .leastTime(.lastByte)), ("random", .random(two: false)),
        ("'random  two'", .random(two: true)),
    ])
    func `Each method has its word`(word: String, method: BalancingMethod) throws {
        #expect(try Self.pool("balance: \(word)").settings.method == method)
    }

    @Test func `Hashes have a key, may be consistent, and bounded`() throws {
        let plain = try Self.pool("balance: hash, hash_key: '${uri}', hash_balance_factor: 150")
        #expect(plain.settings.method == .hash(consistent: false) && plain.settings.hashBalanceFactor == 150)
        #expect(plain.hashKey?.text == "${uri}")
        let ring = try Self.pool("balance: hash, hash_key: '${header.x-user}', consistent: true")
        #expect(ring.settings.method == .hash(consistent: true))
        let table = try Self.pool("balance: maglev, hash_key: '$path'")
        #expect(table.settings.method == .maglev && table.hashKey != nil)
    }

    @Test func `A check is HTTP with default values, HTTP, or TCP`() throws {
        #expect(try Self.pool("health: {}").settings.check == HealthCheck())
        let check = try #require(
            try Self.pool(
                "health: { path: '/healthz?x=1', method: HEAD, host: 'a.test:81', status: [200, 2xx, '300-399'], body: '^ok', port: 81, interval: 10s, timeout: 3s, rise: 1, fall: 5, start: fully_down }"
            ).settings.check
        )
        var http = HealthCheck.HTTP()
        http.path = "/healthz?x=1"
        http.method = "HEAD"
        http.host = "a.test:81"
        http.statuses = [200...200, 200...299, 300...399]
        http.body = "^ok"
        #expect(check.kind == .http(http) && check.port == 81)
        #expect(check.interval == .seconds(10) && check.timeout == .seconds(3))
        #expect(check.rise == 1 && check.fall == 5 && check.start == .fullyDown)
        #expect(try Self.pool("health: tcp").settings.check?.kind == .tcp)
        let tcp = try Self.pool("health: { tcp: true, interval: 1s }").settings.check
        // The default timeout is not longer than the interval.
        #expect(tcp?.kind == .tcp && tcp?.timeout == .seconds(1))
    }

    @Test func `Clients stay by a cookie or by a field`() throws {
        let settings = try #require(
            try Self.pool(
                "sticky: { cookie: berth, max_age: 1h, secure: true, http_only: false, same_site: Strict }"
            ).settings.sticky
        )
        var cookie = StickySettings.Cookie(name: "berth")
        cookie.maxAge = .seconds(3600)
        cookie.secure = .always
        cookie.isHTTPOnly = false
        cookie.sameSite = .strict
        #expect(settings == StickySettings(.cookie(cookie)))
        let plain = try Self.pool("sticky: { cookie: a }").settings.sticky
        #expect(plain == StickySettings(.cookie(StickySettings.Cookie(name: "a"))))
        let header = try Self.pool("sticky: { header: X-Session }").settings.sticky
        #expect(header == StickySettings(.header("X-Session")))
    }

    @Test func `The secret of tokens comes of a file next to the rules`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sticky-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let rules = folder.appending(path: "a.yaml").path
        let text =
            "rules: [{ name: a, to: b }]\npools: [{ name: b, sticky: { cookie: a, secret_file: key } }]"
        try text.write(toFile: rules, atomically: true, encoding: .utf8)
        let secret = folder.appending(path: "key").path
        func codes() -> [Diagnostic.Code] {
            do throws(ConfigurationFailure) {
                _ = try ConfigurationLoader.load([rules])
                return []
            } catch {
                return error.diagnostics.map(\.code)
            }
        }
        #expect(codes() == [.unreadable])
        try "short\n".write(toFile: secret, atomically: true, encoding: .utf8)
        #expect(codes() == [.badValue])
        try "0123456789abcdef\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let pool = try #require(try ConfigurationLoader.load([rules]).table.pools.pools.first)
        #expect(pool.settings.sticky?.secret == Array("0123456789abcdef".utf8))
    }

    @Test func `Retries have conditions, and bounds`() throws {
        let retries = try Self.pool(
            "retry_on: [empty_response, response_timeout, junk_response, 429, 503], retries: { attempts: 3, total_time: 10s, body: 1MiB, budget: 30% }, all_down: refuse"
        ).settings
        #expect(
            retries.retries.conditions == [
                .connectFailure, .emptyResponse, .responseTimeout, .junkResponse, .status(429), .status(503),
            ]
        )
        #expect(retries.retries.attempts == 3 && retries.retries.totalTime == .seconds(10))
        #expect(retries.retries.bodyBytes == 1 << 20 && retries.retries.budget == 30)
        #expect(retries.allDown == .refuse)
        #expect(try Self.pool("retry_on: []").settings.retries == RetrySettings())
    }

    @Test func `Requests have a limit and a queue, or neither`() throws {
        let limited = try Self.pool("max_requests: 50, queue: { size: 20, timeout: 500ms }").settings
        #expect(limited.maxRequests == 50)
        #expect(limited.queue?.size == 20 && limited.queue?.timeout == .milliseconds(500))
        let usual = try Self.pool("max_requests: unlimited, queue: {}").settings
        #expect(usual.maxRequests == nil && usual.queue == QueueSettings())
        let without = try Self.pool("balance: random").settings
        #expect(without.maxRequests == nil && without.queue == nil)
    }

    @Test func `A pool with endpoints is a name, before all name sources`() throws {
        let configuration = try Self.configuration(
            """
              - { name: API, endpoints: [10.0.0.2:80] }
              - { match: '~^api' }
              - { name: web }
            names: [{ static: { api: 10.0.0.9 } }]
            """
        )
        try #require(configuration.names.count == 2)
        guard case .pools(let names, let origin) = configuration.names[0] else {
            Issue.record("\(configuration.names)")
            return
        }
        #expect(names.keys.sorted() == ["api"] && origin.line == 3)
        #expect(names["api"]?.map(\.endpoint.description) == ["10.0.0.2:80"])
    }

    @Test func `A key without a value is a missing key, and no pools are no name source`() throws {
        let configuration = try ConfigurationLoader.load(text: "rules: [{ name: all, to: api }]\npools:\n")
        #expect(configuration.table.pools.pools.isEmpty && configuration.names.isEmpty)
    }

    @Test(arguments: [
        ("a pool", PoolReader.keys, "- { name: a, '?': 1 }"),
        ("an endpoint", PoolEndpointReader.keys, "- { name: a, endpoints: [{ '?': 1 }] }"),
        ("`health`", HealthCheckReader.keys, "- { name: a, health: { '?': 1 } }"),
        ("`sticky`", StickyReader.keys, "- { name: a, sticky: { '?': 1 } }"),
        ("`retries`", RetryReader.keys, "- { name: a, retries: { '?': 1 } }"),
        ("`queue`", QueueReader.keys, "- { name: a, queue: { '?': 1 } }"),
    ])
    func `Each mapping knows its keys, and no other`(mapping: String, keys: [String], pools: String) {
        let failure = #expect(throws: ConfigurationFailure.self) { _ = try Self.configuration(pools) }
        let hints = (failure?.diagnostics ?? []).compactMap(\.hint)
        #expect(hints.contains("known keys: " + keys.joined(separator: ", ")), "\(mapping)")
    }

    @Test func `Each key of a pool is read: a value of a wrong type is an error`() {
        for key in PoolReader.keys where key != "name" {
            let failure = #expect(throws: ConfigurationFailure.self) {
                _ = try Self.configuration("- { name: a, \(key): { '?': [] } }\n")
            }
            #expect(failure?.diagnostics.isEmpty == false, "\(key)")
        }
    }
}
