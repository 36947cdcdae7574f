import Balancing
import Routing
import Testing

@Suite struct HashKeyTests {
    private static func key(_ text: String) throws -> HashKey {
        var pool = PoolDefinition(.name("a"))
        pool.settings.method = .maglev
        pool.hashKey = text
        return try #require(try PoolTable([pool]).pools.first?.hashKey)
    }

    private static func issue(_ text: String) -> PoolIssue? {
        do {
            _ = try key(text)
            return nil
        } catch {
            return (error as? PoolTableError)?.issues.first
        }
    }

    private static func fill(
        _ text: String,
        target: [UInt8] = Array("/a/b?x=1".utf8),
        headers: [(name: String, value: String)] = []
    ) throws -> [UInt8] {
        let host = try HostName("www.test.priv")
        let method = Array("GET".utf8)
        let route = RouteKey(
            host: host.bytes.span,
            target: target.span,
            method: method.span,
            scheme: .https,
            client: try #require(IPAddress("2001:db8::7"))
        )
        var out = Array("k:".utf8)
        try key(text).append(
            route,
            headers: { name, visit in
                headers.contains {
                    $0.name.lowercased().utf8.elementsEqual(name) && visit(Array($0.value.utf8).span)
                }
            },
            to: &out
        )
        return Array(out.dropFirst(2))
    }

    @Test(arguments: [
        ("${uri}", "/a/b?x=1"), ("$path", "/a/b"), ("${query}", "x=1"), ("${query_part}", "?x=1"),
        ("${request_host}", "www.test.priv"), ("$client_address", "2001:db8::7"), ("${method}", "GET"),
        ("$scheme://$request_host", "https://www.test.priv"), ("a${path}$$b", "a/a/b$b"),
    ])
    func `A request's variables are filled in`(text: String, value: String) throws {
        #expect(try Self.fill(text) == Array(value.utf8))
    }

    @Test func `Any byte of a request is taken, as it is`() throws {
        let target: [UInt8] = [0x2F, 0x00, 0xFF, 0x20, 0x0D]
        #expect(try Self.fill("${uri}", target: target) == target)
    }

    @Test func `A field is found whatever its case, and several are one list`() throws {
        let headers = [(name: "X-User", value: "a"), (name: "x-user", value: "b")]
        #expect(try Self.fill("<${header.X-USER}>", headers: headers) == Array("<a, b>".utf8))
        #expect(try Self.fill("<${header.x-other}>", headers: headers) == Array("<>".utf8))
    }

    @Test(arguments: [
        ("sid=1; x=2", "1"), ("x=2; sid=1", "1"), ("xsid=3; sid=", ""), ("SID=9", ""), ("sid", ""),
        (" sid=a=b;sid=c", "a=b"), ("", ""),
    ])
    func `A cookie is the first of its name`(field: String, value: String) throws {
        let headers = [(name: "Cookie", value: field), (name: "cookie", value: "other=1")]
        #expect(try Self.fill("${cookie.sid}${cookie.none}", headers: headers) == Array(value.utf8))
    }

    @Test func `The first field with a cookie has it`() throws {
        let headers = [
            (name: "cookie", value: "a=1"), (name: "cookie", value: "sid=2"),
            (name: "cookie", value: "sid=3"),
        ]
        #expect(try Self.fill("${cookie.sid}", headers: headers) == Array("2".utf8))
    }

    @Test(arguments: ["", "constant", "$$"])
    func `A key that is the same for every request is an error`(text: String) {
        #expect(Self.issue(text)?.hint?.contains("${uri}") == true)
    }

    @Test(arguments: [
        ("${app}", 0..<6, "`app` is not a variable of a request"),
        ("x$1", 1..<3, "`$1` cannot be used here: a pool has no captures"),
        ("${header}", 0..<9, "`header` is not a variable of a request"),
        ("${header.}", 0..<10, "`header.` is not a variable of a request"),
        ("${header.a b}", 0..<10, "`${` without its `}`"), ("$", 0..<1, "`$` without a name after it"),
    ])
    func `What is not a variable of a request is an error at its position`(
        text: String,
        range: Range<Int>,
        message: String
    ) {
        let issue = Self.issue(text)
        #expect(issue?.kind == .badTemplate && issue?.key == "hash_key")
        #expect(issue?.range == range && issue?.message == message)
    }
}
