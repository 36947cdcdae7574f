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

/// Deployments over the control socket of a running tier.
@Suite(.timeLimit(.minutes(3)))
struct DeployCommandTests {
    @Test func `New endpoints that are healthy get all requests, and a reset gives the name back`()
        async throws
    {
        try await DeploySite.run { site in
            let (one, two) = (try NamedOrigin("one"), try NamedOrigin("two"))
            #expect(try await site.bodies() == ["old"])
            let report = try await site.pools.deploy("API", DeploySite.request(one.endpoint, two.endpoint))
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
            let again = await DeploySite.problem { () async throws(ControlClient.Problem) in
                try await site.pools.reset("api", drainTimeout: 1)
            }
            #expect(again?.kind == .notFound)
        }
    }

    @Test func `An endpoint that stays unhealthy changes nothing, and the report says what each responded`()
        async throws
    {
        try await DeploySite.run { site in
            let (good, bad) = (try NamedOrigin("good"), try NamedOrigin("bad", status: "500 No"))
            let report = try await site.pools.deploy(
                "api",
                DeploySite.request(good.endpoint, bad.endpoint) {
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
                DeploySite.request("127.0.0.1:1") { $0.timeout = 0.5 }
            )
            #expect(refused.endpoints.map(\.response) == ["connection_refused"])
        }
    }

    @Test func `An endpoint that becomes healthy in time is waited for`() async throws {
        try await DeploySite.run { site in
            let late = try NamedOrigin("late", status: "503 Wait")
            async let report = site.pools.deploy(
                "api",
                DeploySite.request(late.endpoint) { $0.healthPath = "/up" }
            )
            try await until("two probes") { late.paths.withLockedValue { $0.count } >= 2 }
            #expect(try await site.get().body == "old")
            // One at a time for each name.
            let second = await DeploySite.problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("api", DeploySite.request(late.endpoint))
            }
            #expect(second?.kind == .refused)
            #expect(second?.description.hasPrefix("a deployment of 'api' has been running for ") == true)
            late.status.withLockedValue { $0 = "200 OK" }
            #expect(try await report.outcome == .deployed)
            #expect(try await site.bodies() == ["late"])
        }
    }

    @Test func `Running requests finish at the previous endpoints, within a bound`() async throws {
        try await DeploySite.run { site in
            let new = try NamedOrigin("new")
            async let slow = site.get(waits: true)
            try await until("a request to run") { site.old.paths.withLockedValue { !$0.isEmpty } }
            let report = try await site.pools.deploy(
                "api",
                DeploySite.request(new.endpoint) { $0.drainTimeout = 0.05 }
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
        try await DeploySite.run { site in
            let new = try NamedOrigin("new")
            let report = try await site.pools.deploy("checked", DeploySite.request(new.endpoint))
            #expect(report.outcome == .deployed && report.probe == "GET /up")
            #expect(report.endpoints[0].attempts == 2, "rise is 2")
            #expect(try await site.get("/checked").body == "new")
            let members = try await site.pools.report(of: "checked").targets[0].members
            #expect(members.map(\.state) == [.up] && members[0].identity?.hasPrefix("deployed-") == true)
            let error = await DeploySite.problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy(
                    "checked",
                    DeploySite.request(new.endpoint) { $0.healthPath = "/up" }
                )
            }
            #expect(error?.description.hasPrefix("the pool 'checked' has a health check") == true)
        }
    }

    @Test func `A name that no source has can be deployed, and an endpoint that stays keeps what it is`()
        async throws
    {
        try await DeploySite.run { site in
            let (one, two) = (try NamedOrigin("one"), try NamedOrigin("two"))
            #expect(try await site.get("/new").status == 503)
            #expect(try await site.pools.deploy("new", DeploySite.request(one.endpoint)).drained == [])
            #expect(try await site.get("/new").body == "one")
            let first = try await site.pools.report(of: "new").targets[0].members[0].identity
            let report = try await site.pools.deploy("new", DeploySite.request(one.endpoint, two.endpoint))
            #expect(report.drained == [])
            #expect(try await site.bodies("/new") == ["one", "two"])
            let members = try await site.pools.report(of: "new").targets[0].members
            #expect(members[0].identity == first && members[1].identity != first)
            // Away and back: another container may have the address by now.
            _ = try await site.pools.deploy("new", DeploySite.request(two.endpoint))
            _ = try await site.pools.deploy("new", DeploySite.request(one.endpoint))
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
        try await DeploySite.run { site in
            let error = await DeploySite.problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy(name, DeploySite.request(endpoint))
            }
            #expect(error?.kind == .refused && error?.description.contains(reason) == true)
        }
    }

    @Test func `Neither the tier itself nor an endpoint outside of a rule's networks can be deployed`()
        async throws
    {
        try await DeploySite.run { site in
            let own = "\(try site.service.tier.endpoints[0])"
            var error = await DeploySite.problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("api", DeploySite.request(own))
            }
            #expect(error?.description.contains("an address of this proxy itself") == true)
            #expect(try await site.get("/narrow").body == "old")
            error = await DeploySite.problem { () async throws(ControlClient.Problem) in
                try await site.pools.deploy("narrow", DeploySite.request("10.0.0.5:80"))
            }
            #expect(error?.description.contains("outside the rule's endpoint_networks") == true)
        }
    }

    @Test func `A command that ends before its deployment leaves nothing changed`() async throws {
        try await DeploySite.run { site in
            let late = try NamedOrigin("late", status: "503 Wait")
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
                    DeploySite.request("127.0.0.1:1") { $0.timeout = 0.01 }
                )
                return report?.outcome == .unhealthy
            }
            late.status.withLockedValue { $0 = "200 OK" }
            #expect(try await site.bodies() == ["old"])
            #expect(try await site.pools.report().deployed == [])
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
