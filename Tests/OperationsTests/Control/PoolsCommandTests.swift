import Balancing
import Foundation
import FoundationNetworking
import NIOCore
import Proxy
import RegistryTestSupport
import Routing
import RoutingConfig
import TestSupport
import Testing

@testable import Operations

/// A tier with a control socket, and what commands see and change.
@Suite(.timeLimit(.minutes(3)))
struct PoolsCommandTests {
    private static let rules = """
        pools:
          - name: api
            balance: least_conn
            endpoints: [127.0.0.1:PORT, { address: 127.0.0.1:1, weight: 0 }]
          - name: unused
            endpoints: [127.0.0.1:PORT]
          - match: '~^(?<app>[a-z]+)_split$'
            split: [{ to: api, weight: 1 }, { to: '${app}_v2', weight: 0 }]
        rules:
          - { name: api, path: '=/', to: api }
          - { name: unused, path: '=/unused', to: unused }
          - { name: plain, path: '=/plain', to: '127.0.0.1:PORT' }
          - { name: split, path: '=/split', to: 'app_split' }
        """

    private struct Site {
        let service: TierService
        let pools: PoolsClient
        let port: UInt16

        @discardableResult
        func get(_ path: String = "/") async throws -> Int {
            let url = try #require(URL(string: "http://\(service.tier.endpoints[0])\(path)"))
            let (_, response) = try await URLSession.shared.data(from: url)
            return (response as? HTTPURLResponse)?.statusCode ?? 0
        }

        var endpoint: String { "127.0.0.1:\(port)" }
    }

    private func run(_ body: (Site) async throws -> Void) async throws {
        let origin = try ScriptedOrigin { socket, _ in
            while true {
                _ = try socket.readHead()
                try socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        let text = Self.rules.replacing("PORT", with: "\(origin.port)")
        let path = "/tmp/berth-\(UUID().uuidString.prefix(8)).sock"
        let address = ControlAddress(path: path)
        let service = try await TierService.start(
            TierPlan(name: "front", configuration: try ConfigurationLoader.load(text: text)),
            options: TierService.Options(
                listen: [Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 0)],
                loops: 2,
                accessLog: .off,
                drain: .seconds(1),
                admin: address
            ),
            logger: LogCapture().logger()
        )
        do {
            try await body(Site(service: service, pools: PoolsClient(address), port: origin.port))
        } catch {
            Issue.record(error)
        }
        await service.stop()
        origin.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `Targets are shown with their endpoints, unused pools too`() async throws {
        try await run { site in
            #expect(try await site.get() == 200)
            #expect(try await site.get("/plain") == 200)
            let report = try await site.pools.report()
            #expect(report.tier == "front")
            #expect(report.targets.map(\.name) == ["127.0.0.1", "api", "unused"])
            #expect(report.targets.map(\.pool) == [nil, "api", "unused"])
            #expect(report.targets.map(\.inUse) == [true, true, false])
            let api = report.targets[1]
            #expect(api.method == "least_conn" && api.source == "pools")
            #expect(api.next.endpoints == [site.endpoint])
            #expect(api.members.map(\.endpoint) == [site.endpoint, "127.0.0.1:1"])
            #expect(api.members.map(\.state) == [.up, .up])
            #expect(api.members.map(\.weight) == [1, 0])
            #expect(api.members.map(\.requests) == [0, 0])
            #expect(try await site.pools.report(of: "api").targets == [api])
            let text = PoolsTable.text(report)
            #expect(text.split(separator: "\n").count == 5)
            #expect(text.contains("up (not in use)"))
            let story = PoolsStory.text(report)
            #expect(
                story.contains(
                    "api: the pool 'api' of the rule file, least_conn; its endpoints come from pools."
                )
            )
            #expect(story.contains("The next request goes to \(site.endpoint)."))
        }
    }

    @Test func `A name and an endpoint that do not exist are errors with the nearest`() async throws {
        try await run { site in
            func problem(_ body: () async throws(ControlClient.Problem) -> Void) async -> String {
                do throws(ControlClient.Problem) {
                    try await body()
                    return ""
                } catch {
                    #expect(error.kind == .notFound)
                    return error.description
                }
            }
            let name = await problem { () async throws(ControlClient.Problem) in
                _ = try await site.pools.report(of: "aip")
            }
            #expect(name.hasPrefix("there is no pool or target 'aip': did you mean 'api'? "))
            let endpoint = await problem { () async throws(ControlClient.Problem) in
                try await site.pools.set(.drain, of: "127.0.0.1:2", in: "api")
            }
            #expect(
                endpoint
                    == "'api' has no endpoint 127.0.0.1:2: its endpoints are 127.0.0.1:1, \(site.endpoint)"
            )
        }
    }

    @Test func `An operator changes the weights of a split, of one target and of all of a pattern`()
        async throws
    {
        try await run { site in
            let pattern = "~^(?<app>[a-z]+)_split$"
            let unused = try await site.pools.report()
            #expect(unused.splits.map(\.name) == [pattern])
            #expect(unused.splits[0].parts.map(\.to) == ["api", "${app}_v2"])
            #expect(PoolsTable.splits(unused) == ["\(pattern) is split: api 1, ${app}_v2 0"])

            for _ in 0..<4 { #expect(try await site.get("/split") == 200) }
            var report = try await site.pools.split(pattern, weights: ["${app}_v2": 1, "api": 0])
            #expect(report.splits.map(\.name) == ["app_split", pattern])
            #expect(report.splits.allSatisfy { $0.setByOperator && $0.parts.map(\.weight) == [0, 1] })
            // No name source has it.
            #expect(try await site.get("/split") == 503)

            report = try await site.pools.split("app_split", weights: ["api": 3])
            #expect(report.splits.map(\.name) == ["app_split"])
            #expect(
                report.splits[0].parts.map(\.weight) == [3, 1] && report.splits[0].parts[1].to == "app_v2"
            )
            _ = try await site.pools.split("app_split", weights: nil)
            #expect(try await site.get("/split") == 503)
            report = try await site.pools.split(pattern, weights: nil)
            #expect(report.splits.allSatisfy { !$0.setByOperator && $0.parts.map(\.weight) == [1, 0] })
            #expect(try await site.get("/split") == 200)
        }
    }

    @Test func `An operator drains an endpoint and sets it up again, with all its turns`() async throws {
        try await run { site in
            #expect(try await site.get() == 200)
            var report = try await site.pools.set(.drain, of: site.endpoint, in: "api")
            let drained = try #require(report.targets.first?.members.first)
            #expect(drained.state == .drain && drained.setByOperator && drained.cause == "administrative")
            #expect(PoolsStory.text(report).contains("It drains (an operator)"))
            #expect(report.targets.first?.next.endpoints == ["127.0.0.1:1"])
            // The other one refuses connections.
            #expect(try await site.get() == 502)
            report = try await site.pools.set(.down, of: "127.0.0.1:1", in: "api")
            #expect(report.targets.first?.next.failure == "endpoints_down")
            #expect(try await site.get() == 503)
            report = try await site.pools.set(.up, of: site.endpoint, in: "api")
            #expect(report.targets.first?.members.map(\.state) == [.up, .down])
            #expect(try await site.get() == 200)
            // The same address elsewhere is another matter.
            #expect(try await site.get("/plain") == 200)
        }
    }

    @Test func `A pool that no request has used yet can be set, and the state holds for its first one`()
        async throws
    {
        try await run { site in
            let report = try await site.pools.set(.down, of: site.endpoint, in: "unused")
            #expect(report.targets.first?.members.first?.state == .down)
            #expect(try await site.get("/unused") == 503)
            try await site.pools.set(.up, of: site.endpoint, in: "unused")
            #expect(try await site.get("/unused") == 200)
        }
    }

    @Test func `The history of an endpoint has causes and request ids`() async throws {
        try await run { site in
            #expect(try await site.get() == 200)
            try await site.pools.set(.drain, of: site.endpoint, in: "api")
            #expect(try await site.get() == 502)
            let report = try await site.pools.report(of: "api")
            let dead = try #require(report.targets.first?.members.last)
            #expect(dead.state == .avoided || dead.state == .probing)
            #expect(dead.cause == "connect_failed")
            let transition = try #require(dead.transitions.last)
            #expect(transition.detail == "connection_refused" && !transition.evidence.isEmpty)
            let story = PoolsStory.text(report)
            #expect(
                story.contains(
                    "from up to avoided, because a connection could not be made (connection_refused), as "
                )
            )
        }
    }

    // MARK: Pause and stop

    private func waiting(_ count: Int, _ site: Site) async throws {
        try await until("\(count) requests to wait") {
            try await site.pools.report().holds.map(\.waiting) == [count]
        }
    }

    @Test func `Requests of a target that is paused wait, and go on when it is resumed`() async throws {
        try await run { site in
            #expect(try await site.get() == 200)
            try await site.pools.pause("API", max: .seconds(30))
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await site.get() } }
                try await waiting(3, site)
                // Others do not wait.
                #expect(try await site.get("/plain") == 200)
                try await site.pools.resume("api")
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await site.pools.report().holds == [])
        }
    }

    @Test func `Who waits for too long gets 503, and so do all when the target is stopped`() async throws {
        try await run { site in
            try await site.pools.pause("api", max: .milliseconds(1))
            #expect(try await site.get() == 503)
            try await site.pools.pause("api", max: .seconds(30))
            async let held = site.get()
            try await waiting(1, site)
            try await site.pools.stop("api", message: "back at 10")
            let status = try await held
            #expect(status == 503)
            let url = try #require(URL(string: "http://\(site.service.tier.endpoints[0])/"))
            let (data, response) = try await URLSession.shared.data(from: url)
            #expect((response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Retry-After") == "5")
            #expect(String(decoding: data, as: UTF8.self).contains("back at 10"))
            let lines = PoolsTable.holds(try await site.pools.report())
            #expect(lines == ["api is stopped: requests get 503 (back at 10)"])
            await #expect(throws: ControlClient.Problem.self) {
                try await site.pools.stop("api", message: "<b>")
            }
            await #expect(throws: ControlClient.Problem.self) {
                try await site.pools.pause("a b", max: .seconds(1))
            }
            try await site.pools.resume("api")
            await #expect(throws: ControlClient.Problem.self) { try await site.pools.resume("api") }
            #expect(try await site.get() == 200)
        }
    }
}
