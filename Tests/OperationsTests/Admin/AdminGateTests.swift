import Foundation
import Logging
import NIOHTTP1
import TestSupport
import Testing

@testable import Operations

/// A file of tokens for the length of a test.
final class TokenFile: Sendable {
    static let operate = "operate-0123456789abcdef"
    static let read = "read-0123456789abcdef"
    let path = "/tmp/berth-\(UUID().uuidString.prefix(8)).tokens"

    init(
        _ text: String = "# for tests\nread \(TokenFile.read)\noperate \(TokenFile.operate)\n",
        mode: Int = 0o600
    )
        throws
    {
        try write(text, mode: mode)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, mode: Int = 0o600) throws {
        let fresh = path + ".new"
        try Data(text.utf8).write(to: URL(filePath: fresh))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: fresh)
        _ = rename(fresh, path)
    }
}

@Suite struct AdminGateTests {
    private static let page: HTTPHeaders = [
        "Host": "127.0.0.1:9900", "Origin": "http://127.0.0.1:9900", "Sec-Fetch-Site": "same-origin",
    ]

    private func status(
        _ gate: AdminGate,
        _ method: HTTPMethod,
        _ uri: String,
        _ fields: HTTPHeaders,
        hasBody: Bool = false
    ) -> (status: Int, level: ControlRoute.Level?) {
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: fields)
        do throws(ControlRefusal) { return (200, try gate.admit(head, hasBody: hasBody)) } catch {
            return (error.status, nil)
        }
    }

    private func status(_ gate: AdminGate, _ fields: HTTPHeaders) -> (status: Int, level: ControlRoute.Level?)
    {
        status(gate, .GET, "/status", fields)
    }

    private func gate(hosts: [String] = []) throws -> (gate: AdminGate, file: TokenFile) {
        let file = try TokenFile()
        let tokens = try AdminTokens(path: file.path, logger: LogCapture().logger())
        return (AdminGate(.tokens(tokens), hosts: hosts), file)
    }

    @Test(arguments: [
        ("127.0.0.1:9900", 200), ("127.0.0.1", 200), ("10.1.2.3:1", 200), ("[::1]:9900", 200),
        ("[2001:db8::1]", 200),
        ("localhost:9900", 200), ("LOCALHOST", 200), ("berth", 200), ("admin.test.priv:9900", 200),
        ("Admin.Test.Priv", 200),
        // A name of an attacker that leads to the address of the tier.
        ("evil.example:9900", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example", 403),
        ("a.localhost", 403), ("berth.evil.example", 403), ("2130706433", 403), ("0x7f.1", 403),
        ("127.1", 403),
        ("evil@127.0.0.1", 400), ("127.0.0.1/", 400), ("", 400), ("a b", 400), ("[::1", 400),
        ("127.0.0.1:99999", 400),
    ])
    func `Host is an address, localhost, berth, or a configured name`(host: String, status: Int) throws {
        let (gate, file) = try gate(hosts: ["admin.test.priv"])
        for credentials in [gate.credentials, .peer(.operate)] {
            var gate = gate
            gate.credentials = credentials
            #expect(self.status(gate, .GET, "/status", ["Host": host]).status == status, "\(host)")
        }
        withExtendedLifetime(file) {}
    }

    @Test func `There is one Host, and the target is a path`() throws {
        let gate = AdminGate(.peer(.operate))
        #expect(status(gate, [:]).status == 400)
        #expect(status(gate, [("Host", "127.0.0.1"), ("Host", "127.0.0.1")].headers).status == 400)
        for target in ["http://127.0.0.1/status", "*", "127.0.0.1:80", ""] {
            #expect(status(gate, .GET, target, ["Host": "127.0.0.1"]).status == 400)
        }
    }

    @Test(arguments: [
        // origin, host, status
        ("http://127.0.0.1:9900", "127.0.0.1:9900", 200), ("https://127.0.0.1:9900", "127.0.0.1:9900", 200),
        ("HTTP://LOCALHOST:9900", "localhost:9900", 200), ("http://[::1]:9900", "[::1]:9900", 200),
        ("http://127.0.0.1:9901", "127.0.0.1:9900", 403), ("http://127.0.0.1", "127.0.0.1:9900", 403),
        ("http://localhost:9900", "127.0.0.1:9900", 403), ("http://evil.example", "127.0.0.1:9900", 403),
        ("null", "127.0.0.1:9900", 403), ("", "127.0.0.1:9900", 403), ("file://", "127.0.0.1:9900", 403),
        ("http://127.0.0.1:9900.evil.example", "127.0.0.1:9900", 403),
        ("http://127.0.0.1:9900/", "127.0.0.1:9900", 403),
    ])
    func `Origin is that of the admin interface`(origin: String, host: String, status: Int) {
        let gate = AdminGate(.peer(.operate))
        for method in [HTTPMethod.GET, .POST, .PUT, .OPTIONS] {
            let fields: HTTPHeaders = ["Host": host, "Origin": origin]
            #expect(self.status(gate, method, "/status", fields).status == status, "\(origin)")
        }
        // Each of several.
        let fields = [("Host", host), ("Origin", "http://\(host)"), ("Origin", origin)].headers
        #expect(self.status(gate, .GET, "/status", fields).status == status)
    }

    @Test(arguments: ["same-origin", "none", "same-site", "cross-site", "nonsense", ""])
    func `Requests of pages of other sites are refused, but a link to the page`(site: String) {
        let gate = AdminGate(.peer(.operate))
        let own = site == "same-origin" || site == "none"
        let link: HTTPHeaders = [
            "Host": "127.0.0.1", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        ]
        for (method, uri) in [(HTTPMethod.GET, "/status"), (.POST, "/drain"), (.POST, "/")] {
            #expect(status(gate, method, uri, link).status == (own ? 200 : 403))
        }
        // What follows `//` is a host for some readers.
        #expect(status(gate, .GET, "//", link).status == 400)
        #expect(status(gate, .GET, "//a/status", link).status == 400)
        #expect(status(gate, .GET, "/", link).status == 200)
        #expect(status(gate, .GET, "/?a=b", link).status == 200)
        for (mode, dest) in [
            ("navigate", "iframe"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "object"),
        ] {
            let other: HTTPHeaders = [
                "Host": "127.0.0.1", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest,
            ]
            #expect(status(gate, .GET, "/", other).status == (own ? 200 : 403))
        }
    }

    @Test(arguments: [
        "Via", "Forwarded", "X-Real-IP", "X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST",
        "X-Forwarded-",
    ])
    func `Requests that came through a proxy are refused`(field: String) throws {
        let (gate, file) = try gate()
        let fields: HTTPHeaders = [
            "Host": "127.0.0.1", field: "1.1 berth-front", "Authorization": "Bearer \(TokenFile.operate)",
        ]
        #expect(status(gate, fields).status == 403)
        #expect(status(AdminGate(.peer(.operate)), fields).status == 403)
        withExtendedLifetime(file) {}
    }

    @Test(arguments: [
        ("Bearer \(TokenFile.operate)", ControlRoute.Level.operate), ("bearer \(TokenFile.read)", .read),
        ("Bearer \(TokenFile.read)x", .open), ("Bearer \(TokenFile.operate.dropLast())", .open),
        ("Bearer ", .open),
        ("Bearer", .open), ("Basic \(TokenFile.operate)", .open), (TokenFile.operate, .open), ("", .open),
        ("Bearer  \(TokenFile.operate)", .open), ("Bearer \(TokenFile.operate) \(TokenFile.operate)", .open),
        ("Bearer \(TokenFile.operate)\(TokenFile.operate)", .open),
    ])
    func `A token decides the level`(value: String, level: ControlRoute.Level) throws {
        let (gate, file) = try gate()
        let found = status(gate, ["Host": "127.0.0.1", "Authorization": value])
        #expect(found == (200, level))
        let two = [("Host", "127.0.0.1"), ("Authorization", value), ("Authorization", value)].headers
        #expect(status(gate, two) == (200, .open))
        #expect(status(gate, ["Host": "127.0.0.1"]) == (200, .open))
        withExtendedLifetime(file) {}
    }

    @Test func `A body is JSON; a process at the socket need not say so`() throws {
        let (gate, file) = try gate()
        let socket = AdminGate(.peer(.operate))
        let types: [(type: String?, isJSON: Bool)] = [
            ("application/json", true), ("application/json; charset=utf-8", true), ("Application/JSON", true),
            ("text/plain", false), ("application/x-www-form-urlencoded", false),
            ("multipart/form-data", false),
            ("application/jsonx", false), (nil, false),
        ]
        for (type, isJSON) in types {
            var fields: HTTPHeaders = ["Host": "127.0.0.1:9900"]
            if let type { fields.add(name: "Content-Type", value: type) }
            #expect(status(gate, .POST, "/drain", fields, hasBody: true).status == (isJSON ? 200 : 415))
            #expect(status(gate, .POST, "/drain", fields).status == 200)
            #expect(status(socket, .POST, "/drain", fields, hasBody: true).status == 200)
            fields.add(contentsOf: Self.page.filtered { $0 != "Host" })
            #expect(status(socket, .POST, "/drain", fields, hasBody: true).status == (isJSON ? 200 : 415))
        }
        withExtendedLifetime(file) {}
    }

    /// All combinations: what is refused is refused whatever else is right.
    @Test func `Only what is right in every respect passes`() throws {
        let (gate, file) = try gate()
        let hosts = [("127.0.0.1:9900", true), ("localhost:9900", true), ("evil.example:9900", false)]
        let origins: [(String?, Bool)] = [
            (nil, true), ("same", true), ("http://evil.example", false), ("null", false),
        ]
        let sites: [(String?, Bool)] = [
            (nil, true), ("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false),
        ]
        let proxies: [(String?, Bool)] = [(nil, true), ("Via", false), ("X-Forwarded-For", false)]
        let tokens: [(String?, ControlRoute.Level)] = [
            (nil, .open), ("wrong-0123456789abcdef", .open), (TokenFile.read, .read),
            (TokenFile.operate, .operate),
        ]
        var passed = 0
        for host in hosts {
            for origin in origins {
                for site in sites {
                    for proxy in proxies {
                        for token in tokens {
                            var fields: HTTPHeaders = ["Host": host.0, "Content-Type": "application/json"]
                            if let origin = origin.0 {
                                let value = origin == "same" ? "http://\(host.0)" : origin
                                fields.add(name: "Origin", value: value)
                            }
                            if let site = site.0 { fields.add(name: "Sec-Fetch-Site", value: site) }
                            if let proxy = proxy.0 { fields.add(name: proxy, value: "x") }
                            if let token = token.0 {
                                fields.add(name: "Authorization", value: "Bearer \(token)")
                            }
                            let isRight = host.1 && origin.1 && site.1 && proxy.1
                            let found = status(gate, .POST, "/pools/api/pause", fields, hasBody: true)
                            #expect(found.level == (isRight ? token.1 : nil), "\(fields)")
                            if isRight { passed += 1 }
                        }
                    }
                }
            }
        }
        #expect(passed == 2 * 2 * 3 * 1 * 4)
        withExtendedLifetime(file) {}
    }
}

extension [(String, String)] {
    fileprivate var headers: HTTPHeaders { HTTPHeaders(self) }
}

extension HTTPHeaders {
    fileprivate func filtered(_ isKept: (String) -> Bool) -> HTTPHeaders {
        HTTPHeaders(filter { isKept($0.name) }.map { ($0.name, $0.value) })
    }
}
