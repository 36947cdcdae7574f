import RoutingConfig
import Testing

/// Texts that were made to hurt: each ends in findings, soon, and nothing else.
@Suite struct HostileTextTests {
    private func findings(_ text: String) -> [Diagnostic] {
        do {
            _ = try ConfigurationLoader.load(text: text)
            return []
        } catch {
            return error.diagnostics
        }
    }

    @Test(
        arguments: [
            String(repeating: "[", count: 200_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
            "rules: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900),
            (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        ]
    )
    func `Nesting without end is a finding`(text: String) {
        #expect(!findings(text).isEmpty)
    }

    @Test func `Aliases of aliases do not fill the memory`() {
        var text = "rules:\n- &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<30 {
            text += "- &a\(level) [\(repeatElement("*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(findings(text).map(\.code) == [.tooMany])
    }

    @Test func `Keys that are aliases of aliases take no time`() {
        var text = "rules:\n- &a0 [x, x]\n"
        for level in 1..<60 {
            text += "- &a\(level) [*a\(level - 1), *a\(level - 1)]\n- ? *a\(level)\n  : x\n"
        }
        #expect(findings(text).map(\.code) == [.tooMany])
    }

    @Test func `Many duplicate keys are reported, soon`() {
        let text =
            "rules: [{ name: a, to: 'a:80' }]\nnames:\n- static: {"
            + String(repeating: "a: 127.0.0.1, ", count: 500) + "}"
        let found = findings(text)
        #expect(found.count == 499 && found.allSatisfy { $0.code == .duplicateKey })
    }

    @Test func `A million findings are counted, not kept`() {
        let text = "rules:\n" + String(repeating: "- 1\n", count: 50_000)
        let found = findings(text)
        #expect(found.count == 1001)
        #expect(found.last?.message == "49000 more errors are not shown")
    }

    @Test func `A line of a million letters is shown in part`() {
        let text =
            "rules:\n- { name: a, to: 'a:80', colour: '" + String(repeating: "x", count: 1_000_000) + "' }\n"
        let found = findings(text)
        #expect(found.map(\.code) == [.unknownKey])
        #expect((found.first?.sourceLine?.utf8.count ?? 0) <= 200)
        #expect(found.first?.rendered(color: false).utf8.count ?? 0 < 2000)
    }

    @Test func `A text larger than the limit is not even looked at`() {
        let found = findings(String(repeating: "#", count: ConfigurationLoader.maxFileBytes + 1))
        #expect(found.map(\.code) == [.fileTooLarge])
    }

    @Test(
        arguments: [
            "", " ", "\n\n", "---", "...", "---\n---\n", "%YAML 1.1", "%YAML 9.9\n---\na", "&a", "*a", "!",
            "!!", "? ", ": ", "- ", "{", "}",
            "'", "\"", "|", ">", "@", "`", "\t", "{}", "[]", "~", "null", "0", "rules", "rules:", "rules: {}",
            "rules: []",
            "rules: [[]]", "rules: [{}]", "rules: [~]", "? [a]\n: b", "? {a: b}\n: c", "{a: b}: c",
            "&a {*a : b}", "<<: {}",
            "rules: [{name: a, to: }]", "rules: &r [*r]", "\u{2028}rules:", "a\u{85}b: c", "\"\\0\": x",
            "\"\\uD800\"", "\"\\UFFFFFFFF\"",
            "rules: [{ ? name : a }]", "rules: [{ [1]: 2, {}: 3, ~: 4 }]",
            "names: [{ static: { [a]: b, '': c, '..': d } }]",
        ]
    )
    func `Odd texts are findings and no more`(text: String) {
        let found = findings(text)
        #expect(!found.isEmpty)
        for diagnostic in found { #expect(!diagnostic.rendered(color: true).isEmpty) }
    }

    @Test func `A rule file cut off anywhere never crashes, and neither does one with a byte changed`() {
        let bytes = Array(LoaderTests.everything.utf8)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for end in stride(from: 0, to: bytes.count, by: 7) {
            _ = findings(String(decoding: bytes[..<end], as: UTF8.self))
            var changed = bytes
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            changed[end] = UInt8(truncatingIfNeeded: state >> 56)
            for diagnostic in findings(String(decoding: changed, as: UTF8.self)) {
                #expect(diagnostic.line >= 0)
                _ = diagnostic.rendered(color: false)
            }
        }
    }
}
