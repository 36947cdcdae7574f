import EtcdClient
import Foundation
import Names
import NIOConcurrencyHelpers
import Registration
import RegistryTestSupport
import Routing
import Settings
import Testing

private let prefix = "/berth/hosts/"

@Suite(.enabled(if: EtcdServer.isInstalled), .serialized, .timeLimit(.minutes(2)))
struct EtcdEntryStoreTests {
    @Test func `Operators set, read and remove entries, but not those of a running tier`() async throws {
        let etcd = try await EtcdServer.start()
        let entries = try EtcdEntryStore(
            EtcdCluster(endpoints: ["http://127.0.0.1:1", etcd.url], prefix: prefix)
        )
        let value = try #require(EtcdEntryStore.value("10.0.0.7:9000", weight: 5))
        try await entries.set("host_07", value: value, ttl: nil, ifAbsent: true, force: false)
        let there = try #require(try await entries.entry("host_07"))
        #expect(there.addresses == [at("10.0.0.7:9000", weight: 5)])
        #expect(there.ttl == nil)
        await #expect(throws: EtcdEntryStore.Refusal.self) {
            try await entries.set("host_07", value: value, ttl: nil, ifAbsent: true, force: false)
        }
        await #expect(throws: EtcdEntryStore.Refusal.self) {
            try await entries.set("host_07", value: "{}", ttl: nil, ifAbsent: false, force: false)
        }
        await #expect(throws: EtcdEntryStore.Refusal.self) {
            try await entries.set("Host 07", value: value, ttl: nil, ifAbsent: false, force: false)
        }
        try await entries.set("host_07", value: value, ttl: 60, ifAbsent: false, force: false)
        let leased = try #require(try await entries.entry("host_07")?.ttl)
        #expect((1...60).contains(leased))

        let registered = NIOLockedValueBox(false)
        let registration = try EtcdRegistration(
            RegistrationAddress("etcd=\(etcd.url)\(prefix)host_01"),
            advertise: Endpoint(address: at("10.0.0.5:1").address, port: 9000)
        ) { update in
            if case .registered = update { registered.withLockedValue { $0 = true } }
        }
        registration.start()
        try await until("the registration") { registered.withLockedValue { $0 } }
        await #expect(throws: EtcdEntryStore.Refusal.self) {
            try await entries.set("host_01", value: value, ttl: nil, ifAbsent: false, force: false)
        }
        #expect(try await entries.entries().map(\.name) == ["host_01", "host_07"])
        #expect(try await entries.remove("host_07"))
        #expect(try await !entries.remove("host_07"))
        #expect(await registration.withdraw())
        await entries.shutDown()
    }
}
