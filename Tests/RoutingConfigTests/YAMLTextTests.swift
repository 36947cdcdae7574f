import Testing

@testable import RoutingConfig

@Suite struct YAMLTextTests {
    /// Where a scalar may be in a file: the file's text, and how the scalar is found in it.
    private struct Context {
        let name: String
        /// The file's text with the scalar in it.
        let yaml: @Sendable (String) -> String
        let find: @Sendable (YAMLNode) -> YAMLNode?
    }

    /// Where a scalar may be in a file.
    private static let contexts = [
        Context(name: "value", yaml: { "a: \($0)\nb: 1\n" }, find: { $0["a"] }),
        Context(name: "item", yaml: { "- \($0)\n- b\n" }, find: { $0.items.first }),
        Context(name: "key", yaml: { "\($0): v\n" }, find: { firstKey($0) }),
        Context(name: "value in braces", yaml: { "{ a: \($0), b: 1 }\n" }, find: { $0["a"] }),
        Context(name: "item in brackets", yaml: { "[\($0), b]\n" }, find: { $0.items.first }),
        Context(name: "key in braces", yaml: { "{ \($0): v }\n" }, find: { firstKey($0) }),
    ]

    private static func firstKey(_ node: YAMLNode) -> YAMLNode? {
        if case .mapping(let pairs) = node.content { pairs.first?.key } else { nil }
    }

    /// Nil if the scalar reads back as the text everywhere.
    private func mistake(_ text: String, _ scalar: String) -> String? {
        for context in Self.contexts {
            let findings = DiagnosticCollector()
            let yaml = context.yaml(scalar)
            let root = YAMLParser.parse(SourceText(file: "t", text: yaml), findings: findings)
            guard let node = root.flatMap(context.find), !node.isNull,
                node.text.map({ Array($0.utf8) }) == Array(text.utf8)
            else {
                return "\(text.debugDescription) as \(context.name): \(yaml)"
            }
        }
        return nil
    }

    @Test(
        arguments: [
            "", "~", "null", "Null", "true", "False", "yes", "No", "on", "OFF", "y", "N", "01", "0x1f", "-1",
            "- a", "-", ":", "a:", "a: b", "a #b", "#", "&a", "*", "*.a", "!a", "{a}", "[a]", "a,b", "?", "|",
            ">",
            "@a", "`a`", "%a", "'", "\"", "it's", "'\u{301}", " a", "a ", ".inf", "a\nb", "\t", "\u{0}",
            "\u{85}",
            "\u{2028}",
            "\u{FEFF}", "\u{FFFE}", "\\", "a\\\n", "---", "...", "<<", "=",
        ]
    )
    func `Texts that readers could mistake for something else are quoted`(text: String) {
        let scalar = YAMLText.scalar(text)
        #expect(scalar.first == "'" || scalar.first == "\"")
        #expect(mistake(text, scalar) == nil)
    }

    @Test(
        arguments: [
            "a", "shop-1", "a.b.test:8080", "0", "80", "10.0.0.1:80", "/a/b", "nullable", "yes-or-no",
        ]
    )
    func `Texts that need no quotes have none`(text: String) {
        #expect(YAMLText.scalar(text) == text)
        #expect(mistake(text, text) == nil)
    }

    @Test func `Any text reads back as it was written`() {
        let pieces: [String] = [
            "a", "b", "0", "1", "y", "n", "null", "true", "e", ".", "-", ":", ": ", " ", "  ", " #", "#", ",",
            "'",
            "\"", "\\", "{", "}", "[", "]", "&", "*", "!", "|", ">", "%", "@", "`", "?", "~", "=", "/", "_",
            "\n", "\r",
            "\t", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}",
            "\u{FFFF}",
            "\u{FFFD}", "é", "\u{301}", "漢", "\u{1F600}", "\u{10FFFF}", "---", "...",
        ]
        for _ in 0..<1_500 {
            let text = (0..<Int.random(in: 0...6)).compactMap { _ in pieces.randomElement() }.joined()
            for scalar in [YAMLText.scalar(text), YAMLText.quoted(text)] {
                guard let mistake = mistake(text, scalar) else { continue }
                Issue.record("\(mistake)")
                return
            }
        }
    }

    @Test func `A comment stays on its line`() {
        let text = YAMLText.comment("a\nb\r\tc\u{85}d\u{2028}e")
        #expect(text == "a b  c d e")
    }
}
