import Foundation
import Names
import Routing
import NIOConcurrencyHelpers
import Settings
import Testing

@testable import Registries

private let prefix = "/berth/hosts/"
private let key = prefix + "host_01"

private final class Heard: Sendable {
    private let list = NIOLockedValueBox<[EtcdRegistration.News]>([])
    var all: [EtcdRegistration.News] { list.withLockedValue { $0 } }
    func take(_ news: EtcdRegistration.News) { list.withLockedValue { $0.append(news) } }
}

@Suite(
    "Registration with a real etcd",
    .enabled(if: EtcdServer.isThere),
    .serialized,
    .timeLimit(.minutes(2))
)
struct EtcdRegistrationTests {
    private func register(
        _ urls: [String],
        at port: UInt16 = 9000,
        ttl: Int = 10,
        instance: String
    ) throws -> (EtcdRegistration, Heard) {
        let heard = Heard()
        let registration = try EtcdRegistration(
            EtcdCluster(endpoints: urls, prefix: prefix),
            name: "host_01",
            advertise: Endpoint(address: address("10.0.0.5"), port: port),
            ttl: ttl,
            instance: instance,
            tell: heard.take
        )
        registration.start()
        return (registration, heard)
    }

    @Test("The entry is there while the tier serves, and gone when it withdraws")
    func life() async throws {
        let etcd = try await EtcdServer.start()
        let (registration, heard) = try register([etcd.url], instance: "one")
        try await until("the registration") { heard.all == [.registered] }
        let value = try #require(try etcd.get(key))
        #expect(try EntryValue(Data(value.utf8)).addresses == [at("10.0.0.5:9000", identity: "one")])
        #expect(await registration.withdraw())
        #expect(try etcd.get(key) == nil)
    }

    @Test("A second instance is refused and told who has the name; the first is not touched")
    func second() async throws {
        let etcd = try await EtcdServer.start()
        let (first, heard) = try register([etcd.url], instance: "one")
        try await until("the registration") { heard.all == [.registered] }
        let (second, other) = try register([etcd.url], at: 9001, instance: "two")
        try await until("the refusal") { !other.all.isEmpty }
        #expect(other.all.first == .held(by: "instance one at 10.0.0.5:9000"))
        #expect(try etcd.get(key)?.contains("\"one\"") == true)
        #expect(await first.withdraw())
        try await until("the second's turn") { other.all.last == .registered }
        #expect(await second.withdraw())
    }

    @Test("After a crash the same address takes its name back without it having been away")
    func crash() async throws {
        let etcd = try await EtcdServer.start()
        // What a crashed tier leaves behind: its entry under a lease that nobody renews.
        let lease = try etcd.grant(3)
        try etcd.put(
            key,
            EntryValue.json(Endpoint(address: address("10.0.0.5"), port: 9000), instance: "before"),
            lease: lease
        )
        let followed = Followed()
        let source = try EtcdSource(EtcdCluster(endpoints: [etcd.url], prefix: prefix))
        source.start(followed.take)
        defer { source.stop() }
        try await until("the list") { followed.now.isUp }
        let (registration, heard) = try register([etcd.url], instance: "after")
        try await until("the registration") {
            #expect(followed.names["host_01"] != nil)
            return heard.all == [.registered]
        }
        try await until("the new instance") { followed.names["host_01"]?.first?.identity == "after" }
        #expect(await registration.withdraw())
    }

    @Test("After an outage that the lease did not outlive the tier registers anew")
    func outage() async throws {
        let etcd = try await EtcdServer.start()
        let (registration, heard) = try register([etcd.url], ttl: 2, instance: "one")
        try await until("the registration") { heard.all == [.registered] }
        etcd.kill()
        try await until("the lease's end") {
            heard.all.contains { if case .lost = $0 { true } else { false } }
        }
        // An empty store: neither the lease nor the entry.
        try FileManager.default.removeItem(at: etcd.folder)
        try await etcd.restart()
        try await until("the registration") { try etcd.get(key) != nil && heard.all.last == .registered }
        #expect(await registration.withdraw())
    }

    @Test("Operators set, read and remove entries, and do not run over a tier that serves")
    func entries() async throws {
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

        let (registration, heard) = try register([etcd.url], instance: "one")
        try await until("the registration") { heard.all == [.registered] }
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

/// An address that is one.
func address(_ text: String) -> IPAddress { at("\(text):1").address }
