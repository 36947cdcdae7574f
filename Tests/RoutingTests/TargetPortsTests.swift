import Testing

@testable import Routing

@Suite struct TargetPortsTests {
    private static func ports(_ targets: String...) throws -> TargetPorts {
        let rules = targets.enumerated().map { index, to in
            RuleDefinition(
                name: "rule \(index)",
                host: "~^(?<a>[a-z0-9]+)_(?<b>[a-z0-9]+)\\.test$",
                action: .forward(to: to)
            )
        }
        return TargetPorts(try RouteTable(rules))
    }

    @Test(
        arguments: [
            ("web", 8080), ("x_web", 8080), ("host_01", 9000), ("host_", 9000), ("api", 7000),
            ("a_end", 6000),
            ("other", nil), ("host", nil), ("end", nil), ("plain_x", 80),
        ] as [(String, UInt16?)]
    )
    func `A name has the port of the rules that may lead to it`(name: String, port: UInt16?) throws {
        let ports = try Self.ports(
            "${a}web:8080",
            "host_${b}:9000",
            "api:7000",
            "${a}_${b}end:6000",
            "plain_${a}"
        )
        #expect(ports.port(of: name) == port)
    }

    @Test func `Where rules differ, nothing is known`() throws {
        let ports = try Self.ports("${a}:8080", "${b}:8081", "api:8080", "api:8080")
        #expect(ports.port(of: "web") == nil)
        #expect(try Self.ports("${a}:8080", "api:8080").port(of: "api") == 8080)
        #expect(try Self.ports("${a}", "${b}:80").port(of: "web") == 80)
        #expect(try Self.ports().port(of: "web") == nil)
    }

    @Test func `Very many templates are not told apart`() throws {
        let many = (0...TargetPorts.maxShapes).map { "host\($0)_${a}:80" }
        let rules = many.enumerated().map { index, to in
            RuleDefinition(name: "\(index)", host: "~^(?<a>[a-z]+)\\.test$", action: .forward(to: to))
        }
        #expect(TargetPorts(try RouteTable(rules)).port(of: "host1_a") == nil)
    }
}
