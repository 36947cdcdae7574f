import Testing

@testable import RoutingConfig

/// Each test marks bytes of a value and says what is marked in the file.
@Suite struct ScalarSourceTests {
    /// The file's text that is marked for `part` of the only scalar's value.
    private func marked(_ yaml: String, _ part: Range<Int>) throws -> String {
        let source = SourceText(file: "t", text: "a: " + yaml)
        let root = try #require(YAMLParser.parse(source, findings: DiagnosticCollector()))
        let node = try #require(root["a"])
        guard case .scalar(let text, let style) = node.content else { return "" }
        let start = source.offset(line: Int(node.line), column: Int(node.column))
        return source.string(ScalarSource(source, start: start, style: style, value: text).range(of: part))
    }

    @Test func `A plain scalar stands as it is`() throws {
        #expect(try marked("~^abc$ # comment", 2..<5) == "abc")
    }

    @Test func `Single quotes double a quote`() throws {
        #expect(try marked("'it''s x'", 2..<3) == "''")
        #expect(try marked("'it''s x'", 5..<6) == "x")
    }

    @Test func `Double quotes have escapes of every length`() throws {
        #expect(try marked(#""\\d\x41\u00e9\U0001F600\tz""#, 2..<3) == #"\x41"#)
        #expect(try marked(#""\\d\x41\u00e9\U0001F600\tz""#, 3..<5) == #"\u00e9"#)
        #expect(try marked(#""\\d\x41\u00e9\U0001F600\tz""#, 10..<11) == "z")
    }

    @Test func `Behind the value's end the closing quote is marked`() throws {
        #expect(try marked("'abc'", 3..<3) == "'")
        #expect(try marked("'abc'", 100..<200) == "'")
        #expect(try marked(#""abc""#, 3..<4) == "\"")
    }

    @Test func `Anchors and tags in front of a scalar are passed over`() throws {
        #expect(try marked("&x !!str 'abc'", 1..<2) == "b")
    }

    @Test func `Letters of several bytes are marked as a whole`() throws {
        #expect(try marked("'日本x'", 3..<6) == "本")
        #expect(try marked("'日本x'", 6..<7) == "x")
    }

    @Test(arguments: ["'a\n  b'", "\"a\n  b\"", "|\n  a b\n", ">-\n  a b\n"])
    func `Of a scalar on several lines the beginning is marked`(yaml: String) throws {
        #expect(try marked(yaml, 2..<3).hasPrefix(String(yaml.prefix(1))))
    }
}
