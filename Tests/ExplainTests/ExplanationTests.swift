import Explain
import PCRE2
import Testing

@Suite struct ExplanationTests {
    private static let saas = #"^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\.test\.priv$"#

    private static func stop(_ pattern: String, _ host: String) throws -> (
        offset: Int, part: String, expected: String
    ) {
        let explanation = try Explanation(pattern, host: Array(host.utf8))
        guard case .stopped(let stop) = explanation.outcome else {
            Issue.record("\(host) does not stop \(pattern)")
            return (0, "", "")
        }
        let part = stop.part.map { String(decoding: Array(pattern.utf8)[$0], as: UTF8.self) } ?? ""
        return (stop.offset, part, stop.expected)
    }

    @Test func `A host that lacks what every match must have does not match, and takes no time`() throws {
        let pattern = "^(.*?)(.*?)(.*?)(.*?)(.*?)-end\\.test\\.priv$"
        let host = Array((String(repeating: "a", count: 62) + "_.test.priv").utf8)
        let asked = try Explanation(pattern, host: host)
        #expect(asked.outcome == .limit(.steps))
        let explanation = try Explanation(pattern, host: host, lacksText: true)
        #expect(explanation.outcome == .lacksText)
        #expect(!explanation.isMatch)
        #expect(
            ExplanationText(color: false).render(explanation).contains(
                "does not match: the host does not contain the pattern's literal text"
            )
        )
    }

    @Test func `An explanation names what each group took`() throws {
        let explanation = try Explanation(Self.saas, host: Array("a_b_01.test.priv".utf8))
        guard case .matched(let captures) = explanation.outcome else {
            Issue.record("no match")
            return
        }
        #expect(captures.map(\.label) == ["app", "container", "host"])
        #expect(captures.map(\.range) == [0..<1, 2..<3, 4..<6])
        #expect((explanation.steps ?? 0) > 0)
    }

    @Test(
        arguments: [
            ("a_b_0x.test.priv", 5, "[0-9]{2}"), ("a_b_01.testxpriv", 11, #"\.test\.priv"#), ("a-b", 1, "_"),
            ("a_b_01.test.priv.evil", 16, "$"), ("_", 0, "[a-z0-9]+"), ("a_b_01", 6, #"\.test\.priv"#),
        ]
    )
    func `An explanation says where a host stops, and what is expected there`(
        host: String,
        offset: Int,
        part: String
    ) throws {
        let stop = try Self.stop(Self.saas, host)
        #expect((stop.offset, stop.part) == (offset, part), "\(host): \(stop)")
    }

    @Test func `A pattern without anchors still has to reach the end`() throws {
        #expect(try Self.stop("[a-z]+", "abc1").expected == "the end of the host")
    }

    @Test func `A pattern that is none is an error with its place`() {
        #expect(throws: PatternError.self) { _ = try Explanation("(?<a>[a-z]+", host: [97]) }
    }

    @Test func `A match that takes too many steps says so`() throws {
        let explanation = try Explanation(
            "^(?:[a-z]+)+$",
            host: Array((String(repeating: "a", count: 40) + "1").utf8)
        )
        guard case .limit = explanation.outcome else {
            Issue.record("it came to an end")
            return
        }
        #expect(explanation.steps == nil)
    }

    @Test func `Patterns cut and changed at any byte are explained or refused`() {
        let bytes = Array(#"^(?<a>[a-z]+|b{1,2})(?=\.)(?:x|[^\d_])*+(?i)Q\.(\k<a>|(?1))?$"#.utf8)
        var texts: [[UInt8]] = (0...bytes.count).map { Array(bytes[..<$0]) }
        for index in bytes.indices {
            for byte in "()[]{}|\\?*+^$.<>=!a1".utf8 {
                var changed = bytes
                changed[index] = byte
                texts.append(changed)
            }
        }
        var explained = 0
        for text in texts {
            guard
                let one = try? Explanation(
                    String(decoding: text, as: UTF8.self),
                    host: Array("ab.xq.ab".utf8)
                )
            else { continue }
            explained += ExplanationText(color: true).render(one).isEmpty ? 0 : 1
        }
        #expect(explained > 100)
    }
}
