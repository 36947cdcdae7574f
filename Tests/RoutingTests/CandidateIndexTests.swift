import PCRE2
import Testing

@testable import Routing

/// How rules are compiled and found by the literals of their patterns.
@Suite struct CandidateIndexTests {
    @Test func `Rules that differ in their literals share the core`() throws {
        let table = try RouteTable(
            (0..<3).map { .rule("r\($0)", host: #"~^(?<app>[a-z]+)\.t\#($0)\.test$"#, to: "${app}") }
        )
        let cores = table.rules.compactMap { rule in
            if case .pattern(let pattern) = rule.host { ObjectIdentifier(pattern.core) } else { nil }
        }
        #expect(cores.count == 3 && Set(cores).count == 1)
        let decision = try table.ask("shop.t2.test")
        #expect(decision.ruleName == "r2")
        #expect(decision.target == "shop")
        #expect(decision.captures["app"] == "shop")
    }

    @Test func `An error in a pattern is where it was written`() throws {
        let error = #expect(throws: RouteTableError.self) {
            try RouteTable(.rule(host: #"~^abc(?<a>[z-a]+)\.test$"#))
        }
        let whole = #expect(throws: PatternError.self) { try Pattern(#"^abc(?<a>[z-a]+)\.test$"#) }
        let place = (whole?.offset ?? 0) + 1
        #expect(error?.issues.first?.range == place..<place)
        #expect(throws: RouteTableError.self) { try RouteTable(.rule(host: "~abc(")) }
    }

    @Test func `A table of many rules asks few of them`() throws {
        let shapes = [
            #"^(?<app>[a-z0-9]+)\.tenant@\.example\.com$"#, #"^app@_(?<c>[a-z]+)\.test\.priv$"#,
            #"^[a-z]+[.-]customer@[.-][a-z]+$"#,
        ]
        for shape in shapes {
            let table = try RouteTable(
                (0..<1_000).map { number in
                    .rule("r\(number)", host: "~" + shape.replacing("@", with: "\(number)"))
                }
            )
            for (host, most) in [
                ("shop.tenant471.example.com", 1), ("app471_x.test.priv", 1), ("a-customer471-b", 8),
                ("nothing.example.com", 0),
            ] {
                let scratch = RouteScratch()
                _ = try Ask(host).of(table, scratch: scratch)
                var found: [UInt32] = []
                CandidateIndexBuilder.index(table.rules).find(Array(host.utf8).span, into: &found)
                #expect(found.count <= most, "\(shape): \(host) finds \(found.count)")
            }
        }
    }
}
