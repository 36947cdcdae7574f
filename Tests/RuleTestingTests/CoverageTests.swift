import Testing

@testable import RuleTesting

@Suite struct CoverageTests {
    private func report(_ urls: [String], rules: String = Rules.front) throws -> CaseReport {
        let folder = try Folder()
        try folder.write(rules, to: "front.yaml")
        let cases = urls.map { "  - url: \($0)\n" }.joined()
        try folder.write("front: front.yaml\ncases:\n\(cases)", to: "a.cases.yaml")
        return try folder.run()
    }

    @Test func `Rules and branches that no case reaches are listed with their location`() throws {
        let coverage = try report(["http://old.test.priv/", "http://shop_c1_01.test.priv/"]).coverage
        #expect(coverage.rules == (2, 3))
        #expect(coverage.branches == (1, 3))
        #expect(coverage.summary == "rules 2 of 3, branches 1 of 3: 50.0 %")
        #expect(
            coverage.missing.map(\.words) == [
                "no case reaches the rule `closed`",
                "no case takes the branch `wordpress` of the host of the rule `saas`",
                "no case takes the branch `wiki` of the host of the rule `saas`",
            ]
        )
        #expect(coverage.missing[1].location.hasSuffix("front.yaml:8"))
    }

    @Test func `Everything reached is a hundred percent, and a refused request reaches its rule`() throws {
        let urls = ["wordpress_c1_01", "shop_c1_02", "wiki_c1_09", "old", "a.internal"].map {
            "http://\($0).test.priv/"
        }
        #expect(try report(urls).coverage.percent == 100)
    }

    @Test func `Branches of paths, of groups in groups and of repetitions count each for itself`() throws {
        let rules = #"""
            rules:
              - name: a
                host: '~^((?:a|b(?:c|d))-)+x$'
                path: '~*^/(one|two)/'
                respond: { status: 204 }
            """#
        let some = try report(["http://a-bc-x/ONE/", "http://bd-x/three/"], rules: rules).coverage
        #expect(some.missing.map(\.branch) == ["d", "two"])
        let all = try report(["http://a-bc-x/one/", "http://bd-x/TWO/"], rules: rules).coverage
        #expect(all.missing.isEmpty)
        #expect(all.branches == (6, 6))
    }

    @Test func `A branch that was tried and given up is not taken`() throws {
        let rules = "rules:\n  - name: a\n    host: '~^(ab|a)bc$'\n    respond: { status: 204 }\n"
        #expect(try report(["http://abc/"], rules: rules).coverage.missing.map(\.branch) == ["ab"])
    }

    @Test func `Patterns whose branches cannot be observed are counted`() throws {
        let rules = #"""
            rules:
              - name: a
                host: '~^(a|b)\1$'
                respond: { status: 204 }
            """#
        let coverage = try report(["http://aa/"], rules: rules).coverage
        #expect(coverage.unobservable == 1 && coverage.percent == 100)
        #expect(coverage.summary == "rules 1 of 1, 1 pattern whose branches cannot be observed: 100.0 %")
    }

    @Test func `Rules that several files test are covered by all of them together`() throws {
        let folder = try Folder.withRules()
        try folder.write("front: front.yaml\ncases:\n  - url: http://old.test.priv/\n", to: "a.cases.yaml")
        try folder.write(
            "front: front.yaml\ncases:\n  - url: http://x.internal.test.priv/\n",
            to: "b.cases.yaml"
        )
        #expect(try folder.run().coverage.rules == (2, 3))
        #expect(try folder.run("a.cases.yaml").coverage.rules == (1, 3))
    }
}
