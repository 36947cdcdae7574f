import Balancing
import NIOCore
import Names
import ProxyCore
import RegistryTestSupport
import Routing
import Testing

@testable import Operations

/// What a tier finds of the names that it publishes.
@Suite struct ServedNamesTests {
    private let endpoints = SharedEndpoints()
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func table(to: String = "${a}:8080", checks: Bool = true) throws -> RouteTable {
        var pool = PoolDefinition(.match("~^web"))
        if checks { pool.settings.check = HealthCheck() }
        return try RouteTable(
            [RuleDefinition(name: "all", host: "~^(?<a>[a-z0-9]+)\\.test$", action: .forward(to: to))],
            pools: try PoolTable([pool])
        )
    }

    private func names(_ names: [String: [NamedAddress]]) -> NameTable {
        NameTable(layers: [NameLayer(source: "test", names: names, isLocal: true)])
    }

    private func check(_ text: String, identity: String? = nil, fails: Bool) throws {
        let place = try #require(Endpoint(text))
        let endpoint = endpoints.endpoint(place, identity: identity, pool: "~^web")
        let check = try #require(endpoint.check)
        for _ in 0..<3 { endpoint.checked(check, failure: fails ? "status_500" : nil, now: now) }
    }

    @Test func `A name is down when each of its containers is; what nobody checks has no health`() throws {
        var served = ServedNames(endpoints)
        let table = try table()
        let resolved = names([
            "web1": [at("10.0.0.1:80", identity: "c1"), NamedAddress(address: at("10.0.0.2:1").address)],
            "db": [at("10.0.0.3:80")],
        ])
        func health() -> [String: PublishedHealth] {
            served.health(of: ["web1", "db", "web9"], table, resolved, now: now)
        }
        #expect(health() == ["web1": .up])
        #expect(endpoints.checked.count == 2 && endpoints.all.allSatisfy { $0.lastUse == now })
        try check("10.0.0.1:80", identity: "c1", fails: true)
        #expect(health() == ["web1": .up])
        // The port is the rule's where the source has none.
        try check("10.0.0.2:8080", fails: true)
        #expect(health() == ["web1": .down])
        try check("10.0.0.2:8080", fails: false)
        #expect(health() == ["web1": .up])
    }

    @Test func `Operators and labels that take containers out count, and drain does not`() throws {
        var served = ServedNames(endpoints)
        let table = try table()
        let resolved = names([
            "web1": [at("10.0.0.1:80") { $0.state = .down }],
            "web2": [at("10.0.0.2:80") { $0.state = .drain }],
        ])
        func health() -> [String: PublishedHealth] {
            served.health(of: ["web1", "web2"], table, resolved, now: now)
        }
        #expect(health() == ["web1": .down, "web2": .up])
        let first = endpoints.endpoint(try #require(Endpoint("10.0.0.1:80")), identity: nil, pool: "~^web")
        first.set(.up, overridesSource: true, now: now)
        #expect(health() == ["web1": .up, "web2": .up])
    }

    @Test func `Rules and names that change end what was checked for the last ones`() throws {
        var served = ServedNames(endpoints)
        let one = names(["web1": [at("10.0.0.1:80")]])
        #expect(served.health(of: ["web1"], try table(), one, now: now) == ["web1": .up])
        let two = names(["web2": [at("10.0.0.2:80")]])
        #expect(served.health(of: ["web2"], try table(), two, now: now) == ["web2": .up])
        #expect(endpoints.all.map { "\($0.endpoint)" } == ["10.0.0.2:80"])
        #expect(served.health(of: ["web2"], try table(checks: false), two, now: now).isEmpty)
        #expect(endpoints.all.isEmpty)
    }

    @Test func `Where nobody can tell the port, or another tier checks, there is no health`() throws {
        var served = ServedNames(endpoints)
        let plain = NamedAddress(address: at("10.0.0.1:1").address)
        let resolved = names(["web1": [plain], "web2": [at("10.0.0.2:80") { $0.health = .down }]])
        let none = try table(to: "other")
        #expect(served.health(of: ["web1", "web2"], none, resolved, now: now).isEmpty)
        #expect(endpoints.checked.isEmpty)
    }
}
