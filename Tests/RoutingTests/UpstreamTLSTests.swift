import Testing

@testable import Routing

/// Targets with `https` and `h2c`.
@Suite struct UpstreamTLSTests {
    private static func forward(_ definition: RuleDefinition) throws -> Forward {
        let decision = try Ask("web.test", "/").of(RouteTable([definition]))
        guard case .forward(let forward) = decision.outcome else { throw Missing() }
        return forward
    }

    private struct Missing: Error {}

    @Test(
        arguments: [
            ("web:8080", "web:8080", TargetScheme.http), ("http://web", "web", .http),
            ("https://web:8443", "https://web:8443", .https), ("HTTPS://web", "https://web", .https),
            ("h2c://web:8080/a", "h2c://web:8080", .h2c), ("https://[::1]", "https://[::1]", .https),
            ("https://${app}_1", "https://web_1", .https),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443", .https),
        ]
    )
    func `The scheme is part of a target`(to: String, description: String, scheme: TargetScheme) throws {
        let forward = try Self.forward(
            RuleDefinition(name: "r", host: "~^(?<app>[a-z]+)\\.test$", action: .forward(to: to))
        )
        #expect(forward.target.description == description && forward.scheme == scheme)
        #expect((forward.tls != nil) == (scheme == .https))
    }

    @Test func `Targets of different schemes are different`() {
        #expect(Target(name: "a") != Target(name: "a", scheme: .https))
        #expect(Target(name: "a", scheme: .https).authority == "a")
    }

    @Test func `A rule has the settings of its own`() throws {
        var definition = RuleDefinition(name: "r", action: .forward(to: "https://web"))
        #expect(try Self.forward(definition).tls == UpstreamTLS())
        definition.upstreamTLS = UpstreamTLS(authorities: "/ca.pem", verifies: true)
        #expect(try Self.forward(definition).tls?.authorities == "/ca.pem")
        #expect(try RouteTable([definition]).upstreamTLS == [UpstreamTLS(authorities: "/ca.pem")])
        definition.action = .forward(to: "web")
        #expect(try Self.forward(definition).tls == nil)
        #expect(try RouteTable([definition]).upstreamTLS.isEmpty)
    }

    @Test func `Names that pools lead to are reached as their own targets are`() throws {
        var pool = PoolDefinition(.name("shop"))
        pool.failover = "shop-old"
        let table = try RouteTable(
            [RuleDefinition(name: "r", action: .forward(to: "https://shop:8443"))],
            pools: try PoolTable([pool])
        )
        let ports = TargetPorts(table)
        #expect(ports.ways(to: "shop").map(\.scheme) == [.https])
        #expect(ports.ways(to: "shop-old").map(\.port) == [8443])
        #expect(ports.ways(to: "other").isEmpty)
        #expect(ports.port(of: "shop") == 8443)
    }

    @Test func `A target without a port has that of its scheme`() throws {
        let rules = [RuleDefinition(name: "r", action: .forward(to: "https://web"))]
        #expect(TargetPorts(try RouteTable(rules)).port(of: "web") == 443)
    }
}
