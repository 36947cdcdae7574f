import Foundation
import FoundationNetworking
import NIOCore
import NIOPosix
import Proxy
import ProxyCore
import Routing
import RoutingConfig
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Operations

/// A tier whose rule files change while it serves.
@Suite(.timeLimit(.minutes(1)))
struct ReloadTests {
    private final class Flag: Sendable {
        private let up = NIOLockedValueBox(false)
        var isUp: Bool { up.withLockedValue { $0 } }
        func raise() { up.withLockedValue { $0 = true } }
    }

    private final class Site {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(at: folder) }
        func write(_ text: String, to name: String = "rules.yaml") throws {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        func remove(_ name: String) throws {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
        var path: String { folder.path }
    }

    private static func respond(_ name: String, _ path: String) -> String {
        "rules: [{ name: \(name), path: '=\(path)', respond: { status: 200, body: \(name) } }]\n"
    }

    private func run(
        _ site: Site,
        rules: [String],
        _ body: (TierService, LogCapture) async throws -> Void
    ) async throws {
        let log = LogCapture()
        let service = try await TierService.start(
            TierPlan(name: "front", configuration: try ConfigurationLoader.load(rules)),
            options: TierService.Options(
                listen: [Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 0)],
                loops: 1,
                accessLog: .off,
                drain: .seconds(1),
                rules: rules
            ),
            logger: log.logger()
        )
        do {
            try await body(service, log)
        } catch {
            Issue.record(error)
        }
        await service.stop()
    }

    private func get(_ service: TierService, _ path: String = "/") async throws -> (status: Int, body: String)
    {
        let url = try #require(URL(string: "http://\(service.tier.endpoints[0])\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    /// Asks until the answer is `body`; the time limit ends it otherwise.
    private func wait(for body: String, at path: String = "/", _ service: TierService) async throws {
        while try await get(service, path).body != body {}
    }

    @Test func `A rule file that changes is in force soon; files of a folder may come and go`() async throws {
        let site = try Site()
        try site.write(Self.respond("one", "/"))
        try await run(site, rules: [site.path]) { service, _ in
            #expect(try await get(service).body == "one")
            try site.write(Self.respond("two", "/"))
            try await wait(for: "two", service)
            try site.write(Self.respond("more", "/more"), to: "more.yml")
            try await wait(for: "more", at: "/more", service)
            try site.remove("more.yml")
            while try await get(service, "/more").status != 404 {}
            #expect(service.reloads.succeeded >= 3 && service.reloads.failed == 0)
        }
    }

    @Test func `A file behind a symbolic link is followed when the link is`() async throws {
        let site = try Site()
        let files = FileManager.default
        for name in ["one", "two"] {
            let folder = site.folder.appending(path: name)
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
            try Self.respond(name, "/").write(
                to: folder.appending(path: "rules"),
                atomically: true,
                encoding: .utf8
            )
        }
        // As configuration is mounted into containers: a link to a file below a link to a folder.
        try files.createSymbolicLink(atPath: site.path + "/data", withDestinationPath: "one")
        try files.createSymbolicLink(atPath: site.path + "/rules.yaml", withDestinationPath: "data/rules")
        try await run(site, rules: [site.path + "/rules.yaml"]) { service, _ in
            #expect(try await get(service).body == "one")
            try files.createSymbolicLink(atPath: site.path + "/data.new", withDestinationPath: "two")
            #expect(rename(site.path + "/data.new", site.path + "/data") == 0)
            try await wait(for: "two", service)
        }
    }

    @Test
    func `A file with errors changes nothing and is reported once; the next good one counts`() async throws {
        let site = try Site()
        try site.write(Self.respond("one", "/"))
        try await run(site, rules: [site.path + "/rules.yaml"]) { service, log in
            try site.write("rules: [{ name: bad, hots: x, respond: 200 }]\n")
            #expect(await service.reload() == false)
            #expect(service.reloads.isStale && service.reloads.failed >= 1)
            #expect(try await get(service).body == "one")
            let refusals = log.lines.filter { $0.message.hasPrefix("rules not reloaded") }
            #expect(!refusals.isEmpty && refusals.allSatisfy { $0.metadata["findings"] == "1" })
            let findings = log.lines.compactMap { $0.metadata["finding"] }
            #expect(findings.count == refusals.count)
            #expect(findings.allSatisfy { $0.contains("did you mean `host`?") && $0.contains(":1:") })
            #expect(findings.allSatisfy { !$0.contains("\n") })
            try site.write(Self.respond("two", "/"))
            try await wait(for: "two", service)
            #expect(!service.reloads.isStale)
        }
    }

    @Test func `A storm of requests is few reloads, and each request waits for one that began after it`()
        async throws
    {
        let site = try Site()
        try site.write(Self.respond("one", "/"))
        try await run(site, rules: [site.path + "/rules.yaml"]) { service, log in
            try site.write(Self.respond("two", "/"))
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for _ in 0..<1000 { tasks.addTask { await service.reload() } }
                for try await result in tasks { #expect(result) }
            }
            #expect(try await get(service).body == "two")
            #expect(service.reloads.succeeded < 200, "they are merged")
            #expect(log.messages.filter { $0 == "rules reloaded" }.count < 200)
        }
    }

    @Test func `A file that cannot be read for a while is read without a further event`() async throws {
        let site = try Site()
        try site.write(Self.respond("one", "/"))
        let path = site.path + "/rules.yaml"
        try await run(site, rules: [path]) { service, log in
            // As a link to a file on a disk that is not there yet: nothing reports when it comes.
            #expect(unlink(path) == 0)
            #expect(symlink(site.path + "/later/rules.yaml", path) == 0)
            while service.reloads.failed == 0 { await Task.yield() }
            try FileManager.default.createDirectory(
                atPath: site.path + "/later",
                withIntermediateDirectories: true
            )
            try site.write(Self.respond("two", "/"), to: "later/rules.yaml")
            try await wait(for: "two", service)
            #expect(log.messages.filter { $0.hasPrefix("rules not reloaded") }.count == 1)
        }
    }

    @Test
    func `A signal reads hosts files again as well, and a file that lost most of its rules is reported`()
        async throws
    {
        let site = try Site()
        func rules(_ count: Int) -> String {
            "rules:\n"
                + (0..<count).map { "  - { name: r\($0), path: '=/\($0)', respond: 200 }\n" }.joined()
                + "names: [{ hosts_file: hosts }]\n"
        }
        try site.write("127.0.0.1 a b c d e f", to: "hosts")
        try site.write(rules(10))
        try await run(site, rules: [site.path + "/rules.yaml"]) { service, log in
            try site.write(rules(2))
            #expect(await service.reload())
            // The watcher may have been first, and logs after its reload is in force.
            while !log.lines.contains(where: {
                $0.message == "most of the rules are gone"
                    && $0.metadata == ["rules": "2", "rules_before": "10"]
            }) { await Task.yield() }
            try site.write("127.0.0.1 a", to: "hosts")
            _ = await service.reload()
            while !log.lines.contains(where: {
                $0.metadata["warning"]?.hasSuffix("hosts lost most of its names: 1 of 6 are left") == true
            }) { await Task.yield() }
        }
    }

    @Test func `No request fails while rules and names change together, again and again`() async throws {
        let site = try Site()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loopback = IPAddress(v4: 0x7F00_0001)
        let origin = try await DemoContainer.start(
            greeting: "here",
            at: Endpoint(address: loopback, port: 0),
            group: group
        )
        func rules(_ name: String) -> String {
            """
            rules: [{ name: all, to: \(name) }]
            names: [{ static: { \(name): '\(origin.endpoint)' } }]
            """
        }
        try site.write(rules("a"))
        try await run(site, rules: [site.path]) { service, _ in
            try await withThrowingTaskGroup(of: Int.self) { tasks in
                let over = Flag()
                for _ in 0..<4 {
                    tasks.addTask {
                        var count = 0
                        while !over.isUp {
                            let answer = try await get(service)
                            #expect(answer.status == 200 && answer.body.hasPrefix("here"))
                            count += 1
                        }
                        return count
                    }
                }
                for index in 0..<20 {
                    try site.write(rules(index % 2 == 0 ? "b" : "a"))
                    #expect(await service.reload())
                }
                over.raise()
                var served = 0
                for try await count in tasks { served += count }
                #expect(served > 0)
            }
        }
        await origin.stop()
        try await group.shutdownGracefully()
    }
}
