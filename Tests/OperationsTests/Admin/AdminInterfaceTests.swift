import DryRun
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Proxy
import ProxyCore
import RegistryTestSupport
import Routing
import Settings
import TestSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3)))
struct AdminInterfaceTests {
    @Test func `Each route demands its level`() async throws {
        try await AdminSite.run { site in
            let expected: [(method: HTTPMethod, path: [String], open: Int, read: Int, operate: Int)] = [
                (.GET, ["health"], 200, 200, 200), (.HEAD, ["health"], 200, 200, 200),
                (.GET, ["openapi.json"], 200, 200, 200), (.GET, ["status"], 401, 200, 200),
                (.GET, ["rules"], 401, 200, 200), (.GET, ["names"], 401, 200, 200),
                (.GET, ["connections"], 401, 200, 200), (.GET, ["pools"], 401, 200, 200),
                (.GET, ["pools", "nosuch"], 401, 404, 404), (.GET, ["certificates"], 401, 200, 200),
                (.POST, ["dry-run"], 401, 400, 400), (.PUT, ["log-level"], 401, 403, 400),
                (.POST, ["reload"], 401, 403, 200), (.POST, ["pools", "api", "resume"], 401, 403, 404),
                (.POST, ["pools", "api", "state"], 401, 403, 400), (.GET, ["nosuch"], 404, 404, 404),
                (.DELETE, ["status"], 405, 405, 405),
            ]
            for one in expected {
                for (token, status) in [
                    (nil, one.open), ("wrong-0123456789abcdef", one.open), (TokenFile.read, one.read),
                    (TokenFile.operate, one.operate),
                ] {
                    let client = ControlClient(.endpoint(site.service.adminEndpoints[0]), token: token)
                    let response = try await client.response(one.method, one.path)
                    #expect(response.status == status, "\(one.method) \(one.path) \(token ?? "-")")
                }
            }
        }
    }

    @Test func `The status, the rules, the names and the connections of a tier are shown`() async throws {
        try await AdminSite.run { site in
            try await until("the tier to be ready") { site.service.isReady }
            let status: StatusReport = try await site.reader.send(.GET, ["status"])
            #expect(status.tier == "front" && status.ready && !status.draining && status.loops == 2)
            #expect(status.pid == getpid() && status.rules.count == 3 && status.logLevel == "notice")
            #expect(status.listeners.map(\.address) == ["\(site.service.tier.endpoints[0])"])
            #expect(status.names.sources.map(\.kind) == ["deployed", "pools", "static"])
            #expect(status.names.sources.map(\.entries) == [0, 1, 2])
            #expect(status.names.sources.allSatisfy { $0.ready && $0.error == nil && $0.ageSeconds != nil })

            let rules = try await site.socket.rules()
            #expect(rules.rules.map(\.name) == ["api", "tenants", "gone"] && rules.total == 3)
            #expect(rules.rules.map(\.to) == ["api", "${app}:80", "respond 410"])
            #expect(rules.rules.allSatisfy { $0.line != nil && $0.figures?.requests == 0 })
            let one: RulesReport = try await site.reader.send(.GET, ["rules"], query: [("limit", "1")])
            #expect(one.rules.map(\.name) == ["api"] && one.total == 3)

            let names = try await site.socket.names(source: nil, prefix: nil, limit: nil)
            #expect(names.names.map(\.name) == ["api", "drained", "shop"] && names.total == 3)
            #expect(names.names.map(\.endpoints) == [["127.0.0.1:1"], ["127.0.0.1:2"], ["127.0.0.1:1"]])
            let some = try await site.socket.names(source: "static", prefix: "S", limit: 5)
            #expect(some.names.map(\.name) == ["shop"] && some.total == 1)
            #expect(try await site.socket.names(source: nil, prefix: "", limit: 1).names.count == 1)
            let bad = try await site.get("names", token: TokenFile.read)
            #expect(bad.status == 200)

            let idle = try RawSocket.connect(port: site.service.tier.endpoints[0].port)
            try await until("the connection to be there") {
                try await site.socket.connections(limit: nil).total == 1
            }
            let open = try await site.socket.connections(limit: 10)
            #expect(open.connections.map(\.client) == ["127.0.0.1"])
            #expect(open.connections.map(\.state) == ["idle"] && open.connections[0].protocol == "http/1.1")
            #expect(open.connections[0].ageSeconds >= 0 && !open.connections[0].tls)
            #expect(try await site.socket.connections(limit: 0).connections.isEmpty)
            withExtendedLifetime(idle) {}
        }
    }

    @Test func `A limit is a number`() async throws {
        try await AdminSite.run { site in
            for limit in ["-1", "a", "", "1e3", "+1", "1000000001", "99999999999999999999"] {
                await #expect(throws: ControlClient.Problem.self) {
                    let _: LoadedNames = try await site.reader.send(
                        .GET,
                        ["names"],
                        query: [("limit", limit)]
                    )
                }
            }
        }
    }

    @Test func `The status shows the commit of the build, where it is known`() async throws {
        for (commit, shown) in [
            ("cacb9da64d2e", "berth \(BerthVersion.current) (cacb9da64d2e), "),
            (nil, "berth \(BerthVersion.current), "),
        ] {
            try await AdminSite.run(change: { $0.commit = commit }) { site in
                let status = try await site.socket.status()
                #expect(status.commit == commit && StatusText.text(status).contains(shown))
            }
        }
    }

    @Test func `A dry run shows the way of a request under the rules in force`() async throws {
        try await AdminSite.run { site in
            func outcome(_ url: String) async throws -> String {
                let response = try await site.get(
                    "dry-run",
                    method: .POST,
                    token: TokenFile.read,
                    body: ["url": url]
                )
                let report = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
                return "\(response.status) \(report?["outcome"] as? String ?? "")"
            }
            #expect(try await outcome("http://shop.tenant.test/") == "200 forwarded")
            #expect(try await outcome("http://gone.test.priv/") == "200 responded")
            #expect(try await outcome("http://other.example/") == "200 refused")
            #expect(try await outcome("http://[") == "200 refused")
            #expect(try await outcome("http://a\r\nb/") == "200 refused")
            let empty = try await site.get("dry-run", method: .POST, token: TokenFile.read)
            #expect(empty.status == 400)
        }
    }

    @Test func `No request reaches the admin interface through a rule`() async throws {
        let rules = """
            rules:
              - { name: static, host: static.test, to: admin }
              - { name: sources, host: '~^(?<name>.+)\\.named\\.test$', to: '${name}' }
            names:
              - static: { admin: 127.0.0.1:1 }
            """
        try await AdminSite.run(rules: rules) { site in
            let admin = site.service.adminEndpoints[0]
            let objection = await site.service.tier.objection(to: admin, of: "admin")
            #expect(objection == .controlPlane)
            // Neither does a deployment.
            let pools = PoolsClient(site.operatorClient)
            let problem = await DeploySite.problem { () async throws(ControlClient.Problem) in
                _ = try await pools.deploy("admin", DeploySite.request("\(admin)"))
            }
            #expect(problem?.kind == .refused)
        }
        // On all addresses of the machine: no address of it leads there.
        try await AdminSite.run(
            rules: rules,
            change: { $0.admin.addresses = [Endpoint(address: IPAddress(v4: 0), port: 0)] },
            { site in
                let port = site.service.adminEndpoints[0].port
                for address in Tier.ownAddresses() + [IPAddress(v4: 0x7F00_0001)] {
                    let endpoint = Endpoint(address: address, port: port)
                    #expect(await site.service.tier.objection(to: endpoint, of: "admin") != nil)
                }
            }
        )
    }

    @Test func `A dry run knows that no request reaches the admin interface or the metrics`() async throws {
        let addresses = try freePorts(2).map { "127.0.0.1:\($0)" }
        let rules = """
            rules:
              - { name: admin, host: admin.test, to: '\(addresses[0])' }
              - { name: metrics, host: metrics.test, to: '\(addresses[1])' }
            """
        let endpoints = addresses.compactMap(Endpoint.init)
        try await AdminSite.run(
            rules: rules,
            change: { ($0.admin.addresses, $0.metrics) = ([endpoints[0]], endpoints[1]) },
            { site in
                for host in ["admin.test", "metrics.test"] {
                    let response = try await site.get(
                        "dry-run",
                        method: .POST,
                        token: TokenFile.read,
                        body: ["url": "http://\(host)/"]
                    )
                    let report = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
                    #expect(report?["reason"] as? String == "prohibited_address", "\(host)")
                }
            }
        )
    }

    @Test func `The log level is set for all loggers`() async throws {
        try await AdminSite.run { site in
            #expect(try await site.socket.logLevel() == "notice")
            try await site.socket.set(logLevel: "debug")
            #expect(site.threshold.level == .debug)
            #expect(try await site.socket.logLevel() == "debug")
            await #expect(throws: ControlClient.Problem.self) { try await site.socket.set(logLevel: "loud") }
            #expect(site.threshold.level == .debug)
        }
    }

    @Test func `A tier that drains is no longer ready, and then ends`() async throws {
        try await AdminSite.run { site in
            try await until("the tier to be ready") { site.service.isReady }
            #expect(try await site.get("ready", token: nil).status == 200)
            try await site.socket.drain(wait: 0)
            #expect(try await site.get("ready", token: nil).status == 503)
            #expect(try await site.socket.status().draining)
            await site.service.drainRequested()
            // Once.
            await #expect(throws: ControlClient.Problem.self) { try await site.socket.drain(wait: 0) }
        }
    }

    @Test func `Whoever waits for a drain ends with its task`() async throws {
        let drain = DrainRequest()
        let task = Task { await drain.wait() }
        task.cancel()
        await task.value
        #expect(drain.request() && !drain.request())
        drain.due()
        await drain.wait()
    }

    @Test func `A loop that does not turn makes the tier unhealthy`() async throws {
        let loop = NameSources.shared.group.next()
        let (turned, stuck) = (loop.makePromise(of: Void.self), loop.makePromise(of: Void.self))
        turned.succeed(())
        let futures = [turned.futureResult, stuck.futureResult]
        // The other one may be too late for so short a limit.
        try await until("one of them to have turned") {
            let health = await HealthControl.health(futures, within: .milliseconds(1))
            #expect(!health.healthy && health.loops == 2)
            return health.loopsTurning == 1
        }
        stuck.fail(ChannelError.eof)
        #expect(await HealthControl.health(futures, within: .seconds(30)).healthy)
        #expect(await HealthControl.health([], within: .seconds(30)).healthy)
    }

    @Test func `An address needs tokens that can be read, and is bound before the tier serves`() async throws
    {
        await #expect(throws: AdminTokenError.self) {
            try await AdminSite.run(change: { $0.admin.tokenFile = nil }, { _ in })
        }
        await #expect(throws: AdminTokenError.self) {
            try await AdminSite.run(change: { $0.admin.tokenFile = "/tmp/berth-no-such-file" }, { _ in })
        }
        try await AdminSite.run { site in
            let taken = site.service.adminEndpoints[0]
            await #expect(throws: ControlSocketError.self) {
                try await AdminSite.run(change: { $0.admin.addresses = [taken] }, { _ in })
            }
        }
    }

    @Test func `A head that is too large is refused, and so is what is not HTTP`() async throws {
        try await AdminSite.run { site in
            let port = site.service.adminEndpoints[0].port
            for (request, status) in [
                ("GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "431"),
                ("nonsense\r\n\r\n", "400"), ("GET /health HTTP/1.1\r\n\r\n", "400"),
                ("GET http://127.0.0.1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "400"),
                ("GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "404"),
            ] {
                let socket = try RawSocket.connect(port: port)
                try socket.write(request)
                let head = try socket.readHead()
                #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(40)): \(head)")
                #expect(head.contains("Content-Security-Policy: default-src 'none'"))
                #expect(
                    head.contains("X-Content-Type-Options: nosniff") && head.contains("X-Frame-Options: DENY")
                )
                #expect(head.contains("Cache-Control: no-store") && !head.contains("Access-Control"))
            }
        }
    }

    @Test func `The group of a socket may look, and change nothing`() async throws {
        try await AdminSite.run(change: { $0.admin.group = getgid() }) { site in
            let attributes = try FileManager.default.attributesOfItem(atPath: site.path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            // The user of the tier is more than a member.
            #expect(try await site.socket.status().tier == "front")
        }
    }

    @Test(arguments: [
        ("unix:/run/a.sock", true), ("127.0.0.1:9900", true), ("[::1]:9900", true), ("localhost:9900", true),
        (":9900", true), ("/run/a.sock", false), ("example.com:9900", false), ("127.0.0.1", false),
        ("", false),
        ("127.0.0.1:99999", false),
    ])
    func `An admin address is a socket or an address and port`(text: String, isValid: Bool) {
        #expect(((try? AdminAddress.parse(text).get()) != nil) == isValid)
        if text.hasPrefix("/") { #expect((try? AdminAddress.parse(text, acceptsPath: true).get()) != nil) }
    }
}
