import Balancing
import Foundation
import FoundationNetworking
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import RegistryTestSupport
import Routing
import RoutingConfig
import TestSupport
import Testing

@testable import Operations

/// Deployments over the control socket of a running tier, and what a restart keeps.
@Suite(.timeLimit(.minutes(3)))
struct DeployCommandTests {
    private static let rules = """
        pools:
          - name: api
            endpoints: [127.0.0.1:OLD]
          - { name: checked, endpoints: [127.0.0.1:OLD], health: { path: /up, start: down, rise: 2, interval: 2s, timeout: 1s } }
        rules:
          - { name: api, path: '=/', to: api }
          - { name: checked, path: '=/checked', to: checked }
          - { name: new, path: '=/new', to: new }
          - { name: narrow, path: '=/narrow', to: narrow, endpoint_networks: [127.0.0.0/8] }
        names:
          - static: { narrow: 127.0.0.1:OLD }
        """

    /// A server that responds with its name, or with a status, and can be told to wait.
    private final class Origin: Sendable {
        let server: ScriptedOrigin
        let status: NIOLockedValueBox<String>
        let held = Gate()
        let paths = NIOLockedValueBox<[String]>([])

        init(_ name: String, status: String = "200 OK") throws {
            let box = NIOLockedValueBox(status)
            let (held, paths) = (held, paths)
            self.status = box
            server = try ScriptedOrigin { socket, _ in
                while true {
                    let head = try socket.readHead()
                    let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
                    paths.withLockedValue { $0.append(path) }
                    if head.contains("X-Wait") { held.wait() }
                    let status = box.withLockedValue { $0 }
                    try socket.write(
                        "HTTP/1.1 \(status)\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"
                    )
                }
            }
        }

        var endpoint: String { "127.0.0.1:\(server.port)" }
    }

    private final class Site: Sendable {
        let old: Origin
        let socket = "/tmp/berth-\(UUID().uuidString.prefix(8)).sock"
        private let loops: Int
        private let running = NIOLockedValueBox<TierService?>(nil)

        init(loops: Int = 2) throws {
            self.loops = loops
            old = try Origin("old")
        }

        var service: TierService {
            get throws { try #require(running.withLockedValue { $0 }) }
        }

        deinit {
            try? FileManager.default.removeItem(atPath: socket + ".state")
            old.server.stop()
        }

        var pools: PoolsClient { PoolsClient(ControlAddress(path: socket)) }
        var file: String { socket + ".state" }

        func start(rules: String = DeployCommandTests.rules) async throws {
            let text = rules.replacing("OLD", with: "\(old.server.port)")
            let service = try await TierService.start(
                TierPlan(name: "front", configuration: try ConfigurationLoader.load(text: text)),
                options: TierService.Options(
                    listen: [Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 0)],
                    loops: loops,
                    accessLog: .off,
                    drain: .seconds(1),
                    admin: ControlAddress(path: socket)
                ),
                logger: LogCapture().logger()
            )
            running.withLockedValue { $0 = service }
        }

        func stop() async { await running.withLockedValue { $0 }?.stop() }

        func get(_ path: String = "/", waits: Bool = false) async throws -> (status: Int, body: String) {
            let url = try #require(URL(string: "http://\(try service.tier.endpoints[0])\(path)"))
            var request = URLRequest(url: url)
            if waits { request.setValue("1", forHTTPHeaderField: "X-Wait") }
            let (data, response) = try await URLSession.shared.data(for: request)
            return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
        }

        func bodies(_ path: String = "/", count: Int = 8) async throws -> Set<String> {
            var found: Set<String> = []
            for _ in 0..<count { found.insert(try await get(path).body) }
            return found
        }
    }

    private func run(loops: Int = 2, _ body: (Site) async throws -> Void) async throws {
        let site = try Site(loops: loops)
        try await site.start()
        do {
            try await body(site)
        } catch {
            Issue.record(error)
        }
        await site.stop()
    }

    private static func request(
        _ endpoints: String...,
        change: (inout DeployRequest) -> Void = { _ in }
    ) -> DeployRequest {
        var request = DeployRequest(endpoints: endpoints)
        request.timeout = 10
        request.interval = 0.01
        change(&request)
        return request
    }

    private func problem<Value>(
        _ body: () async throws(ControlClient.Problem) -> Value
    ) async -> ControlClient.Problem? {
        do throws(ControlClient.Problem) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Deployments

    @Test func `New endpoints that are healthy get all requests, and a reset gives the name back`()
        async throws
    {
        try await run { site in
            let (one, two) = (try Origin("one"), try Origin("two"))
            #expect(try await site.bodies() == ["old"])
            let report = try await site.pools.deploy("API", Self.request(one.endpoint, two.endpoint))
            #expect(report.outcome == .deployed && report.target == "api" && report.error == nil)
            #expect(report.endpoints.map(\.endpoint) == [one.endpoint, two.endpoint])
            #expect(report.endpoints.map(\.response) == ["ok", "ok"])
            #expect(report.drained.map(\.endpoint) == [site.old.endpoint] && report.requestsLeft == 0)
            #expect(try await site.bodies() == ["one", "two"])
            let pools = try await site.pools.report()
            let target = try #require(pools.targets.first { $0.name == "api" })
            #expect(target.source == "deployed" && target.pool == "api")
            #expect(target.members.map(\.endpoint) == [one.endpoint, two.endpoint])
            #expect(pools.deployed.map(\.name) == ["api"])
            #expect(PoolsTable.notes(pools) == ["api is deployed: \(one.endpoint), \(two.endpoint)"])

            let reset = try await site.pools.reset("api", drainTimeout: 10)
            #expect(reset.outcome == .reset && reset.requestsLeft == 0)
            #expect(Set(reset.drained.map(\.endpoint)) == [one.endpoint, two.endpoint])
            #expect(try await site.bodies() == ["old"])
            let again = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.reset("api", drainTimeout: 1)
            }
            #expect(again?.kind == .notFound)
        }
    }

    @Test func `An endpoint that stays unhealthy changes nothing, and the report says what each responded`()
        async throws
    {
        try await run { site in
            let (good, bad) = (try Origin("good"), try Origin("bad", status: "500 No"))
            let report = try await site.pools.deploy(
                "api",
                Self.request(good.endpoint, bad.endpoint) {
                    $0.timeout = 1.5
                    $0.healthPath = "/up"
                }
            )
            #expect(report.outcome == .unhealthy)
            #expect(report.endpoints.map(\.healthy) == [true, false])
            #expect(report.endpoints[1].response == "status_500" && report.endpoints[1].attempts > 0)
            #expect(
                report.error == "1 of 2 endpoints did not become healthy in time; nothing has changed"
            )
            let lines = report.text(drainTimeout: "30s")
            #expect(lines[0] == "  \(good.endpoint): healthy")
            #expect(lines[1].hasPrefix("  \(bad.endpoint): GET /up: status 500 ("))
            #expect(good.paths.withLockedValue { Set($0) } == ["/up"])
            #expect(try await site.bodies() == ["old"])
            #expect(try await site.pools.report().deployed == [])
            #expect(!FileManager.default.fileExists(atPath: site.file))
            // Nobody listens.
            let refused = try await site.pools.deploy(
                "api",
                Self.request("127.0.0.1:1") { $0.timeout = 0.5 }
            )
            #expect(refused.endpoints.map(\.response) == ["connection_refused"])
        }
    }

    @Test func `An endpoint that becomes healthy in time is waited for`() async throws {
        try await run { site in
            let late = try Origin("late", status: "503 Wait")
            async let report = site.pools.deploy("api", Self.request(late.endpoint) { $0.healthPath = "/up" })
            try await until("two probes") { late.paths.withLockedValue { $0.count } >= 2 }
            #expect(try await site.get().body == "old")
            // One at a time for each name.
            let second = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("api", Self.request(late.endpoint))
            }
            #expect(second?.kind == .refused)
            #expect(second?.description.hasPrefix("a deployment of 'api' has been running for ") == true)
            late.status.withLockedValue { $0 = "200 OK" }
            #expect(try await report.outcome == .deployed)
            #expect(try await site.bodies() == ["late"])
        }
    }

    @Test func `Running requests finish at the previous endpoints, within a bound`() async throws {
        try await run { site in
            let new = try Origin("new")
            async let slow = site.get(waits: true)
            try await until("a request to run") { site.old.paths.withLockedValue { !$0.isEmpty } }
            let report = try await site.pools.deploy(
                "api",
                Self.request(new.endpoint) { $0.drainTimeout = 0.05 }
            )
            #expect(report.outcome == .deployed && report.requestsLeft == 1)
            #expect(
                report.text(drainTimeout: "50ms")[1]
                    == "\(site.old.endpoint) still has 1 requests in flight after 50ms"
            )
            #expect(try await site.bodies() == ["new"])
            site.old.held.open()
            #expect(try await slow.body == "old")
        }
    }

    @Test func `The check of the pool decides, and the new endpoints are up from the first request on`()
        async throws
    {
        try await run { site in
            let new = try Origin("new")
            let report = try await site.pools.deploy("checked", Self.request(new.endpoint))
            #expect(report.outcome == .deployed && report.probe == "GET /up")
            #expect(report.endpoints[0].attempts == 2, "rise is 2")
            #expect(try await site.get("/checked").body == "new")
            let members = try await site.pools.report(of: "checked").targets[0].members
            #expect(members.map(\.state) == [.up] && members[0].identity?.hasPrefix("deployed-") == true)
            let error = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("checked", Self.request(new.endpoint) { $0.healthPath = "/up" })
            }
            #expect(error?.description.hasPrefix("the pool 'checked' has a health check") == true)
        }
    }

    @Test func `A name that no source has can be deployed, and an endpoint that stays keeps what it is`()
        async throws
    {
        try await run { site in
            let (one, two) = (try Origin("one"), try Origin("two"))
            #expect(try await site.get("/new").status == 503)
            #expect(try await site.pools.deploy("new", Self.request(one.endpoint)).drained == [])
            #expect(try await site.get("/new").body == "one")
            let first = try await site.pools.report(of: "new").targets[0].members[0].identity
            let report = try await site.pools.deploy("new", Self.request(one.endpoint, two.endpoint))
            #expect(report.drained == [])
            #expect(try await site.bodies("/new") == ["one", "two"])
            let members = try await site.pools.report(of: "new").targets[0].members
            #expect(members[0].identity == first && members[1].identity != first)
            // Away and back: another container may have the address by now.
            _ = try await site.pools.deploy("new", Self.request(two.endpoint))
            _ = try await site.pools.deploy("new", Self.request(one.endpoint))
            #expect(try await site.get("/new").body == "one")
            #expect(try await site.pools.report(of: "new").targets[0].members[0].identity != first)
        }
    }

    @Test(arguments: [
        ("api", "169.254.169.254:80", "link-local address"),
        ("api", "0.0.0.0:80", "unspecified address"),
        ("api", "10.0.0.5", "'10.0.0.5' is not an endpoint; write it like 10.0.0.2:8080"),
        ("api", "10.0.0.5:0", "'10.0.0.5:0' is not an endpoint"),
        ("a b", "10.0.0.5:80", "'a b' is not a valid name of a target"),
        ("10.0.0.1", "10.0.0.5:80", "'10.0.0.1' is an address"),
    ])
    func `What must not or cannot be deployed is refused`(name: String, endpoint: String, reason: String)
        async throws
    {
        try await run { site in
            let error = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy(name, Self.request(endpoint))
            }
            #expect(error?.kind == .refused && error?.description.contains(reason) == true)
        }
    }

    @Test func `Neither the tier itself nor an endpoint outside of a rule's networks can be deployed`()
        async throws
    {
        try await run { site in
            let own = "\(try site.service.tier.endpoints[0])"
            var error = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("api", Self.request(own))
            }
            #expect(error?.description.contains("an address of this proxy itself") == true)
            #expect(try await site.get("/narrow").body == "old")
            error = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("narrow", Self.request("10.0.0.5:80"))
            }
            #expect(error?.description.contains("outside the rule's endpoint_networks") == true)
        }
    }

    @Test func `A command that ends before its deployment leaves nothing changed`() async throws {
        try await run { site in
            let late = try Origin("late", status: "503 Wait")
            let command = ScriptedClient(path: site.socket)
            try command.post(
                "/pools/api/deploy",
                #"{"endpoints": ["\#(late.endpoint)"], "interval": 0.01, "health_path": "/up"}"#
            )
            try await until("a probe") { late.paths.withLockedValue { !$0.isEmpty } }
            command.close()
            // The next one is not refused: the first has ended.
            try await until("the deployment to end") {
                let report = try? await site.pools.deploy(
                    "api",
                    Self.request("127.0.0.1:1") { $0.timeout = 0.01 }
                )
                return report?.outcome == .unhealthy
            }
            late.status.withLockedValue { $0 = "200 OK" }
            #expect(try await site.bodies() == ["old"])
            #expect(try await site.pools.report().deployed == [])
        }
    }

    // MARK: Restarts

    @Test func `A restart keeps what is paused, stopped, deployed and set`() async throws {
        let site = try Site()
        try await site.start()
        let new = try Origin("new")
        try await site.pools.set(.drain, of: site.old.endpoint, in: "checked")
        _ = try await site.pools.deploy("new", Self.request(new.endpoint))
        try await site.pools.stop("api", message: "back at 10")
        try await site.pools.pause("later", max: .seconds(20))
        let before = try await site.pools.report()
        await site.stop()
        #expect(!FileManager.default.fileExists(atPath: site.socket))

        try await site.start()
        var report = try await site.pools.report()
        #expect(report.holds == before.holds && report.deployed == before.deployed)
        #expect(try await site.get().status == 503)
        #expect(try await site.get("/new").body == "new")
        #expect(try await site.get("/checked").status == 503)
        let member = try #require(report.targets.first { $0.name == "checked" }?.members.first)
        // On a busy machine its check may be late.
        #expect(member.state == .drain || member.state == .down)
        #expect(member.setByOperator)
        try await site.pools.resume("api")
        try await site.pools.set(.up, of: site.old.endpoint, in: "checked")
        await site.stop()

        try await site.start()
        report = try await site.pools.report()
        #expect(report.holds.map(\.name) == ["later"])
        #expect(report.targets.first { $0.name == "checked" }?.members[0].setByOperator == false)
        #expect(try await site.get().body == "old")
        await site.stop()
    }

    @Test func `A state file that cannot be used keeps the tier from its start`() async throws {
        let site = try Site()
        try Data("{}".utf8).write(to: URL(filePath: site.file))
        await #expect(throws: KeptStateError.self) { try await site.start() }
        #expect(!FileManager.default.fileExists(atPath: site.socket))
    }

    @Test func `A change that cannot be kept is refused and changes nothing`() async throws {
        let site = try Site()
        try await site.start()
        // A folder in the place of the file: root may write everywhere else.
        try FileManager.default.createDirectory(atPath: site.file, withIntermediateDirectories: false)
        try Data().write(to: URL(filePath: site.file + "/x"))
        let error = await problem { () async throws(ControlClient.Problem) in
            try await site.pools.stop("api", message: nil)
        }
        #expect(error?.kind == .refused)
        #expect(error?.description.hasPrefix("the state cannot be kept (\(site.file): ") == true)
        #expect(try await site.get().body == "old")
        let state = await problem { () async throws(ControlClient.Problem) in
            try await site.pools.set(.down, of: site.old.endpoint, in: "api")
        }
        #expect(state?.kind == .refused)
        #expect(try await site.get().body == "old")
        try FileManager.default.removeItem(atPath: site.file)
        try await site.pools.stop("api", message: nil)
        #expect(try await site.get().status == 503)
        await site.stop()
    }

    @Test func `The state of an endpoint that no target has is shown, and can be set up again`() async throws
    {
        try await run(loops: 1) { site in
            let new = try Origin("new")
            _ = try await site.pools.deploy("new", Self.request(new.endpoint))
            #expect(try await site.get("/new").body == "new")
            try await site.pools.set(.drain, of: new.endpoint, in: "new")
            #expect(try await site.get("/new").status == 503)
            _ = try await site.pools.reset("new", drainTimeout: 1)
            #expect(try await site.get("/new").status == 503)
            try await until("the endpoint to be out of use") {
                try await site.pools.report().states.map(\.endpoint) == [new.endpoint]
            }
            let notes = PoolsTable.notes(try await site.pools.report())
            #expect(notes.count == 1 && notes[0].hasPrefix("\(new.endpoint) is set to drain (deployed-"))
            try await site.pools.set(.up, of: new.endpoint, in: "new")
            #expect(try await site.pools.report().states == [])
        }
    }
}

/// A connection to a UNIX socket that sends a request, and goes.
private final class ScriptedClient {
    private let path: String
    private var descriptor: Int32 = -1

    init(path: String) { self.path = path }

    func post(_ target: String, _ body: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (index, byte) in zip(room.indices.dropLast(), path.utf8) { room[index] = byte }
        }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(connected == 0)
        let text =
            "POST \(target) HTTP/1.1\r\nHost: berth\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try #require(write(descriptor, text, text.utf8.count) == text.utf8.count)
    }

    func close() {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }

    deinit { close() }
}
