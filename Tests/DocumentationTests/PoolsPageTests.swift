import RoutingConfig
import Testing

/// docs/pools.md has each key that a pool may have, and its examples load.
@Suite struct PoolsPageTests {
    private static func page() throws -> String { try Repository.text("docs/pools.md") }

    @Test(arguments: [
        PoolReader.keys, PoolEndpointReader.keys, HealthCheckReader.keys.filter { $0 != "tcp" },
        RetryReader.keys, StickyReader.keys,
    ])
    func `Each key has its row`(keys: [String]) throws {
        let page = try Self.page()
        for key in keys {
            let isThere = page.contains("\n| `\(key)` |") || page.contains("\n| [`\(key)`](#\(key)) |")
            #expect(isThere, "docs/pools.md has no row of `\(key)`")
        }
    }

    @Test func `Each word of retry_on is described`() throws {
        let page = try Self.page()
        for word in RetryReader.words { #expect(page.contains("\n| `\(word.name)` |")) }
    }

    @Test func `Each example is a rule file that loads`() throws {
        let examples = codeBlocks("yaml", in: try Self.page())
        #expect(examples.count > 2)
        for example in examples {
            // Without rules it is a part of a file.
            let text = example.contains("rules:") ? example : "rules: [{ name: a, to: b }]\n" + example
            #expect(throws: Never.self, "\(example)") { _ = try ConfigurationLoader.load(text: text) }
        }
    }
}
