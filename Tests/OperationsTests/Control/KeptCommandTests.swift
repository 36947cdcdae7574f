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

/// What a restart keeps of the commands of operators.
@Suite(.timeLimit(.minutes(3)))
struct KeptCommandTests {
    @Test func `A restart keeps what is paused, stopped, deployed and set`() async throws {
        let site = try DeploySite()
        try await site.start()
        let new = try NamedOrigin("new")
        try await site.pools.set(.drain, of: site.old.endpoint, in: "checked")
        _ = try await site.pools.deploy("new", DeploySite.request(new.endpoint))
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
        let site = try DeploySite()
        try Data("{}".utf8).write(to: URL(filePath: site.file))
        await #expect(throws: KeptStateError.self) { try await site.start() }
        #expect(!FileManager.default.fileExists(atPath: site.socket))
    }

    @Test func `A change that cannot be kept is refused and changes nothing`() async throws {
        let site = try DeploySite()
        try await site.start()
        // A folder in the place of the file: root may write everywhere else.
        try FileManager.default.createDirectory(atPath: site.file, withIntermediateDirectories: false)
        try Data().write(to: URL(filePath: site.file + "/x"))
        let error = await DeploySite.problem { () async throws(ControlClient.Problem) in
            try await site.pools.stop("api", message: nil)
        }
        #expect(error?.kind == .refused)
        #expect(error?.description.hasPrefix("the state cannot be kept (\(site.file): ") == true)
        #expect(try await site.get().body == "old")
        let state = await DeploySite.problem { () async throws(ControlClient.Problem) in
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
        try await DeploySite.run(loops: 1) { site in
            let new = try NamedOrigin("new")
            _ = try await site.pools.deploy("new", DeploySite.request(new.endpoint))
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
