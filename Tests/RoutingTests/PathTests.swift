import Routing
import TestSupport
import Testing

@Suite struct PathTests {
    /// What a rule sees of a path; nil when it is malformed.
    private static func normalised(_ target: String) throws -> String? {
        let decision = try RouteTable(.rule(path: "~(?s)^(.*)$")).ask("a", target)
        if decision.refusal == .malformedPath { return nil }
        return try #require(decision.captures.first?.value)
    }

    @Test(arguments: [
        ("/", "/"), ("", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a//b", "/a/b"), ("//", "/"),
        ("///a///", "/a/"), ("/.", "/"), ("/./", "/"),
        ("/a/.", "/a/"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"), ("/a/b/../../c", "/c"),
        ("/a/b/..", "/a/"), ("/a//../b", "/b"),
        ("/...", "/..."), ("/.a", "/.a"), ("/a.", "/a."), ("/..a", "/..a"), ("/a..", "/a.."), ("/%61", "/a"),
        ("/%2e%2E/", nil),
        ("/a/%2e%2e/b", "/b"), ("/a%2Fb", "/a/b"), ("/a%2f%2fb", "/a/b"), ("/a/%2e./b", "/b"), ("/%25", "/%"),
        ("/%2525", "/%25"), ("/%252e%252e/", "/%2e%2e/"),
        ("/a%20b", "/a b"), ("/a%3Fb", "/a?b"), ("/a?b=%zz/../", "/a"), ("/a?", "/a"), ("?q", "/"),
        ("/..", nil), ("/../", nil),
        ("/a/../..", nil), ("/a/../../a", nil), ("/%", nil), ("/%2", nil), ("/%g0", nil), ("/%0g", nil),
        ("/%00", nil), ("/a%00b", nil),
        ("a", nil), ("a/b", nil), ("/a\\..\\b", "/a\\..\\b"),
    ])
    func `Rules see the path as nginx would`(target: String, path: String?) throws {
        #expect(try Self.normalised(target) == path)
    }

    /// The definition: decode everything, cut at slashes, drop what is empty or `.`, let `..` take one away.
    private static func reference(_ path: String) -> String? {
        var decoded: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard rest.count >= 2, let value = UInt8(digits, radix: 16), !digits.hasPrefix("+") else {
                    return nil
                }
                rest = rest.dropFirst(2)
                decoded.append(value)
            } else {
                decoded.append(byte)
            }
        }
        guard decoded.first == UInt8(ascii: "/"), !decoded.contains(0), path.hasPrefix("/") else {
            return nil
        }
        let segments = decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        var kept: [String] = []
        for segment in segments where segment != "" && segment != "." {
            if segment == ".." {
                if kept.popLast() == nil { return nil }
            } else {
                kept.append(segment)
            }
        }
        let open = ["", ".", ".."].contains(segments.last ?? "") && !kept.isEmpty
        return "/" + kept.joined(separator: "/") + (open ? "/" : "")
    }

    @Test func `Normalising agrees with its definition, whatever the path`() throws {
        let seed = TestSeed.make(for: #function)
        var random = SeededRandom(seed: seed)
        let pieces = [
            "/", "/", ".", "..", "a", "b", "%2e", "%2F", "%61", "%", "%00", "%25", "/../", "/./", "//",
        ]
        for _ in 0..<20_000 {
            let path = "/" + random.text(pieces, 0...8)
            #expect(try Self.normalised(path) == Self.reference(path), "seed \(seed): \(path)")
        }
    }

    @Test func `A normalised path is a fixed point`() throws {
        let seed = TestSeed.make(for: #function)
        var random = SeededRandom(seed: seed)
        for _ in 0..<5_000 {
            let path = "/" + random.text(["/", ".", "..", "a", "%2e", "%2F"], 0...10)
            guard let once = try Self.normalised(path) else { continue }
            #expect(try Self.normalised(once) == once, "seed \(seed): \(path)")
        }
    }

    @Test func `Exact, prefix and pattern paths match as nginx's do`() throws {
        let table = try RouteTable([
            .rule("exact", path: "=/x"), .rule("prefix", path: "/api/"),
            .rule("caseless", path: #"~*\.PNG$"#), .rule("pattern", path: "~^/v[0-9]+/"),
        ])
        let expected = [
            "/x": "exact", "/x?y": "exact", "/x/": nil, "/%78": "exact", "/api/": "prefix", "/api": nil,
            "/api/v": "prefix", "/x/../api/1": "prefix",
            "//api//1": "prefix", "/API/": nil, "/a/b.png": "caseless", "/a.pNg?x": "caseless",
            "/?a.png": nil, "/v12/a": "pattern", "/V12/a": nil, "/a/v1/": nil,
        ]
        for (target, rule) in expected { #expect(try table.ask("a", target).ruleName == rule, "\(target)") }
    }

    @Test func `A malformed path is refused only where a rule needs it`() throws {
        let table = try RouteTable([
            .rule("host", host: "a"), .rule("post", host: "b", path: "/x") { $0.methods = ["POST"] },
            .rule("path", host: "b", path: "/y"), .rule("c"),
        ])
        #expect(try table.ask("a", "/../x").ruleName == "host")
        #expect(try table.ask("b", "/../x").refusal == .malformedPath)
        #expect(try table.ask("b", "/../x").ruleName == "path")
        #expect(try table.ask("c", "/%zz").ruleName == "c")
    }

    @Test func `The whole server has no path`() throws {
        let table = try RouteTable([
            .rule("path", path: "~.*"), .rule("prefix", path: "/"), .rule("rest", to: "api/pre"),
        ])
        let decision = try table.ask("a", "*", method: "OPTIONS")
        #expect(decision.ruleName == "rest")
        #expect(decision.forward?.requestTarget == nil)
    }
}
