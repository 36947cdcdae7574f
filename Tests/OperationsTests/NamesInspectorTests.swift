import Names
import RegistryTestSupport
import Routing
import RoutingConfig
import Settings
import Testing

@testable import Operations

@Suite(.enabled(if: EtcdServer.isInstalled), .timeLimit(.minutes(2)))
struct NamesInspectorTests {
    @Test
    func `Two clusters with one prefix are two sources, each with its own entries and leases`() async throws {
        let servers = [try await EtcdServer.start(), try await EtcdServer.start()]
        for (number, server) in servers.enumerated() {
            let value = "{\"address\": \"10.0.0.\(number + 1):9000\"}"
            try server.put("/berth/hosts/only_\(number)", value, lease: server.grant(100 * (number + 1)))
            try server.put("/berth/hosts/both", value, lease: server.grant(100 * (number + 1)))
        }
        let settings = servers.enumerated().map { number, server in
            var etcd = EtcdSettings()
            etcd.cluster.endpoints = [server.url]
            return NameSourceSettings.etcd(
                etcd,
                origin: SourceLocation(file: "rules.yaml", line: number + 1, column: 1)
            )
        }
        let inspector = try NamesInspector(settings, limit: .seconds(30))
        await inspector.settle()
        #expect(inspector.problems == [])
        let listings = await inspector.listings()
        let sources = servers.map { "etcd \($0.url) /berth/hosts/" }
        #expect(listings.map(\.name) == ["both", "only_0", "both", "only_1"])
        #expect(listings.map(\.source) == [sources[0], sources[0], sources[1], sources[1]])
        #expect(listings.map(\.hidden) == [false, false, true, false])
        // Each entry's lease is that of its own cluster.
        let late = listings.map { ($0.ttl ?? 0) > 100 }
        #expect(late == [false, false, true, true])
        let one = try await inspector.listing(of: "only_1").get()
        #expect(one?.source == sources[1] && (one?.ttl ?? 0) > 100)
        await inspector.stop()
    }
}
