import Testing

@testable import RoutingConfig

@Suite struct SuggestionTests {
    static let keys = [
        "name", "host", "path", "methods", "set_headers", "remove_headers", "rewrite_path", "to",
    ]

    @Test(
        arguments: [
            ("pth", "path"), ("paht", "path"), ("hosts", "host"), ("Set-Headers", "set_headers"),
            ("tO", "to"),
            ("remove_header", "remove_headers"), ("rewritepath", "rewrite_path"), ("mehtods", "methods"),
        ]
    )
    func `A slip of the pen finds the key that was meant`(word: String, meant: String) {
        #expect(Suggestion.nearest(to: word, in: Self.keys) == meant)
    }

    @Test(arguments: ["colour", "", "x_forwarded_for", "日本"])
    func `What is far from every key has no suggestion`(word: String) {
        #expect(Suggestion.nearest(to: word, in: Self.keys) == nil)
    }

    @Test func `A very long key costs nothing`() {
        #expect(Suggestion.nearest(to: String(repeating: "a", count: 1_000_000), in: Self.keys) == nil)
    }
}
