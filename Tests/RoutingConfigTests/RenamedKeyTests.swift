import Testing

@testable import RoutingConfig

@Suite struct RenamedKeyTests {
    @Test func `Each renamed key has a new name that is read, and a hint`() throws {
        let known = ["a rule": RuleReader.keys, "a rule file": ConfigurationBuilder.keys]
        for renamed in RenamedKey.all {
            let keys = try #require(known[renamed.mapping])
            #expect(keys.contains(renamed.new) && !keys.contains(renamed.old))
            #expect(!renamed.hint.isEmpty)
        }
    }

    @Test func `A rule's allow is an error with its location, and names endpoint_networks`() throws {
        let text = "rules:\n  - { name: a, to: b, allow: [10.0.0.0/8] }\n"
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try ConfigurationLoader.load(text: text, file: "front.yaml")
        }
        let found = try #require(failure).diagnostics
        #expect(found.map(\.code) == [.renamed])
        #expect(found.first?.severity == .error)
        let rendered = try #require(found.first).rendered(color: false)
        #expect(rendered.hasPrefix("front.yaml:2:23: error: `allow` is now called `endpoint_networks`\n"))
    }
}
