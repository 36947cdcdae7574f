import Foundation
import NIOConcurrencyHelpers
import RegistryTestSupport
import RoutingConfig
import Settings
import TestSupport
import Testing

@testable import EtcdClient
@testable import Operations

/// Records of targets in a real etcd: written by commands, and followed.
@Suite(.enabled(if: EtcdServer.isInstalled), .timeLimit(.minutes(3)))
struct RecordCommandsTests {
    private static func settings(_ etcd: EtcdServer) -> EtcdSettings {
        var settings = EtcdSettings()
        settings.cluster.endpoints = [etcd.url]
        return settings
    }

    private func run(
        _ body: (RecordCommands, EtcdEntryStore, EtcdCluster) async throws -> Void
    ) async throws {
        let etcd = try await EtcdServer.start()
        let cluster = try #require(Self.settings(etcd).controlCluster)
        let (commands, entries) = (try RecordCommands(cluster), try EtcdEntryStore(cluster))
        do {
            try await body(commands, entries, cluster)
        } catch {
            Issue.record(error)
        }
        await commands.shutDown()
        await entries.shutDown()
        etcd.stop()
    }

    private static func problem(
        _ body: () async throws(RecordCommands.Problem) -> Void
    ) async -> RecordCommands.Problem? {
        do throws(RecordCommands.Problem) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `A hold is written, changed and removed, and other parts of the record stay`() async throws {
        try await run { commands, entries, _ in
            try await commands.pause("API", max: .milliseconds(1500))
            #expect(try await commands.record(of: "api") == ControlRecord(hold: .paused(max: 1.5)))
            try await commands.change("api") { (record) throws(RecordCommands.Problem) in
                record.endpoints = [.init(endpoint: "10.0.0.5:80")]
            }
            try await commands.stop("api", message: "back at 10")
            let value = try #require(try await entries.value(of: "api"))
            #expect(
                String(decoding: value.bytes, as: UTF8.self)
                    == #"{"endpoints":[{"endpoint":"10.0.0.5:80"}],"hold":{"message":"back at 10","state":"stopped"}}"#
            )
            try await commands.resume("api")
            #expect(try await commands.record(of: "api").hold == nil)
            let again = await Self.problem { () async throws(RecordCommands.Problem) in
                try await commands.resume("api")
            }
            #expect(again?.exitCode == 1)
            try await commands.change("api") { (record) throws(RecordCommands.Problem) in
                record.endpoints = nil
            }
            #expect(try await entries.value(of: "api") == nil)
        }
    }

    @Test func `What is not valid is neither written nor changed`() async throws {
        try await run { commands, entries, _ in
            let message = await Self.problem { () async throws(RecordCommands.Problem) in
                try await commands.stop("api", message: "<b>")
            }
            let name = await Self.problem { () async throws(RecordCommands.Problem) in
                try await commands.stop("a b", message: nil)
            }
            let time = await Self.problem { () async throws(RecordCommands.Problem) in
                try await commands.pause("api", max: .seconds(7200))
            }
            #expect([message, name, time].map { $0?.exitCode } == [2, 2, 2])
            #expect(try await entries.values(limit: 10).values.isEmpty)
            try await entries.put("nonsense", of: "api", over: nil)
            let problem = await Self.problem { () async throws(RecordCommands.Problem) in
                try await commands.stop("api", message: nil)
            }
            #expect(problem?.description.hasPrefix("the registry's record of 'api' is not valid") == true)
        }
    }

    @Test func `A record is written only in place of the one that was read`() async throws {
        try await run { commands, entries, _ in
            try await entries.put("1", of: "x", over: nil)
            let first = try #require(try await entries.value(of: "x"))
            await #expect(throws: EtcdEntryStore.Refusal.self) {
                try await entries.put("2", of: "x", over: nil)
            }
            try await entries.put("2", of: "x", over: first)
            await #expect(throws: EtcdEntryStore.Refusal.self) {
                try await entries.put("3", of: "x", over: first)
            }
            await #expect(throws: EtcdEntryStore.Refusal.self) { try await entries.remove("x", over: first) }
            let second = try #require(try await entries.value(of: "x"))
            try await entries.remove("x", over: second)
            #expect(try await entries.value(of: "x") == nil)
            // Two at a time, each with an endpoint of its own: none is lost.
            async let one = Self.add("10.0.0.1:80", commands)
            async let two = Self.add("10.0.0.2:80", commands)
            let written = await [one, two].count { $0 }
            #expect(try await commands.record(of: "api").endpoints?.count == written && written > 0)
        }
    }

    /// - Returns: whether it was written.
    private static func add(_ endpoint: String, _ commands: RecordCommands) async -> Bool {
        let problem = await problem { () async throws(RecordCommands.Problem) in
            try await commands.change("api") { (record) throws(RecordCommands.Problem) in
                record.endpoints = (record.endpoints ?? []) + [.init(endpoint: endpoint)]
            }
        }
        return problem == nil
    }

    @Test func `A follower gets all records at once and each change, and keeps the last valid one`()
        async throws
    {
        try await run { commands, entries, cluster in
            try await commands.stop("api", message: nil)
            let log = LogCapture()
            let updates = NIOLockedValueBox<[[String: ControlRecord]]>([])
            let follower = RecordFollower(try EtcdEntryStore(cluster), label: "etcd", logger: log.logger())
            follower.start { update in
                guard case .records(let records) = update else { return }
                updates.withLockedValue { if $0.last != records { $0.append(records) } }
            }
            let stopped = ControlRecord(hold: .stopped(message: nil))
            try await until("the records") { updates.withLockedValue { $0 } == [["api": stopped]] }
            try await commands.pause("web", max: .seconds(1))
            let paused = ControlRecord(hold: .paused(max: 1))
            try await until("the change") {
                updates.withLockedValue { $0.last } == ["api": stopped, "web": paused]
            }
            let value = try #require(try await entries.value(of: "web"))
            try await entries.put("{}", of: "web", over: value)
            try await until("the report") {
                log.messages.contains { $0.hasPrefix("a record of operators is not valid") }
            }
            #expect(updates.withLockedValue { $0.last } == ["api": stopped, "web": paused])
            let bad = try #require(try await entries.value(of: "web"))
            try await entries.remove("web", over: bad)
            try await until("the removal") { updates.withLockedValue { $0.last } == ["api": stopped] }
            await follower.stop()
        }
    }
}
