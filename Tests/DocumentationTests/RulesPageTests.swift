import RoutingConfig
import Testing

/// The examples of docs/rules.md.
@Suite struct RulesPageTests {
    private static func examples() throws -> [String] {
        codeBlocks("yaml", in: try Repository.text("docs/rules.md"))
    }

    @Test func `Each example is a rule file that loads`() throws {
        let examples = try Self.examples()
        #expect(examples.count > 5)
        for example in examples {
            // Without rules it is a part of a file.
            let text = example.contains("rules:") ? example : "rules: [{ name: a, to: b }]\n" + example
            #expect(throws: Never.self, "\(example)") { _ = try ConfigurationLoader.load(text: text) }
        }
    }

    @Test func `There is an example of each key that changes responses`() throws {
        for key in ["response_headers", "rewrite_location", "error_pages"] {
            #expect(try Self.examples().contains { $0.contains("rules:") && $0.contains("\(key):") })
        }
    }
}
