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

    @Test(
        arguments: [
            ("~^(?<app>[a-z]+)_(?<host>[0-9]{2})\\.x$", "h_${host}", "h_47", "_47.x"),
            ("~^(?<app>[a-z]+)_(?<host>[0-9]{2})\\.x$", "${app}_${host}", "shop_47", "shop_47.x"),
            ("~^([a-z]+)-(\\d+)\\.x$", "web$2", "web9", "-9.x"),
            ("~^(?<app>a|b)\\.x$", "${app}", "b", "b.x"),
        ]
    )
    func `A host whose target is known, and that is served, comes before others`(
        host: String,
        to: String,
        known: String,
        end: String
    ) throws {
        let difference = HostDifference(
            old: try Self.table([(host, to)]),
            new: try Self.table([(host, "other")]),
            names: ["unrelated", known],
            isServed: { $0.text.hasSuffix(end) }
        )
        #expect(difference.changes.map(\.host).allSatisfy { $0.hasSuffix(end) })
        #expect(difference.changes.count == 1)
        // What is not served is not preferred.
        let unserved = HostDifference(
            old: try Self.table([(host, to)]),
            new: try Self.table([(host, "other")]),
            names: [known],
            isServed: { _ in false }
        )
        #expect(unserved.changes.count == 1)
    }

    @Test func `The difference has hosts that only one table takes`() throws {
        #expect(try Self.difference([("a.x", "w"), ("b.x", "w")], [("a.x", "w")]) == ["b.x [\"r1\"] []"])
        #expect(try Self.difference([("a.x", "w")], [("*.x", "w")]) == ["b.x [] [\"r0\"]"])
    }
}
