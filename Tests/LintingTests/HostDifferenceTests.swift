import Linting
import Routing
import Testing

@Suite struct HostDifferenceTests {
    private static func table(_ hosts: [(String, String)]) throws -> RouteTable {
        try RouteTable(
            hosts.enumerated().map { index, rule in
                RuleDefinition(name: "r\(index)", host: rule.0, action: .forward(to: rule.1))
            }
        )
    }

    private static func difference(_ old: [(String, String)], _ new: [(String, String)]) throws -> [String] {
        let difference = HostDifference(old: try table(old), new: try table(new))
        #expect(difference.isComplete)
        return difference.changes.map { "\($0.host) \($0.old) \($0.new)" }
    }

    private static let pattern = "~^(?<app>[a-z]+)_(?<host>[0-9]{2})\\.x$"

    @Test func `The difference is empty for the same rules in other words and with other names`() throws {
        #expect(try Self.difference([(Self.pattern, "h_${host}")], [(Self.pattern, "h_${host}")]) == [])
        let other = "~(?<name>[A-Z]{1,})_(?<h>\\d\\d)[.]x"
        #expect(try Self.difference([(Self.pattern, "web")], [(other, "web")]) == [])
    }

    @Test func `The difference has a host of each pair of rules that do not do the same`() throws {
        let changes = try Self.difference([(Self.pattern, "a")], [("~^shop_.*$", "b"), (Self.pattern, "a")])
        #expect(changes.count == 2)
        #expect(changes.contains("shop_00.x [\"r0\"] [\"r0\"]"))
    }

    @Test func `The difference has hosts that only one table takes`() throws {
        #expect(try Self.difference([("a.x", "w"), ("b.x", "w")], [("a.x", "w")]) == ["b.x [\"r1\"] []"])
        #expect(try Self.difference([("a.x", "w")], [("*.x", "w")]) == ["b.x [] [\"r0\"]"])
    }
}
