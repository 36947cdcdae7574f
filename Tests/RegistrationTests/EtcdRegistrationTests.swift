import EtcdClient
import EtcdNames
import Foundation
import Names
import NIOConcurrencyHelpers
import Registration
import RegistryTestSupport
import Routing
import Settings
import Testing

private let prefix = "/berth/hosts/"
private let key = prefix + "host_01"
private let here = Endpoint(address: at("10.0.0.5:1").address, port: 9000)

private final class Updates: Sendable {
    private let list = NIOLockedValueBox<[EtcdRegistration.Update]>([])
    var all: [EtcdRegistration.Update] { list.withLockedValue { $0 } }
    func append(_ update: EtcdRegistration.Update) { list.withLockedValue { $0.append(update) } }
}

/// A tier's own entry, or a template with one name: both are the key `host_01`.
enum Form: CaseIterable, Sendable {
    case single, template

    fileprivate func register(
        _ urls: [String],
        at endpoint: Endpoint = here,
        ttl: Int = 10,
        instance: String
    ) throws -> (EtcdRegistration, Updates) {
        let members = "http://" + urls.map { String($0.dropFirst("http://".count)) }.joined(separator: ",")
        let updates = Updates()
        let address =
            switch self {
            case .single: try RegistrationAddress("etcd=\(members)\(key)")
            case .template: try RegistrationAddress(template: "etcd=\(members)\(prefix){name}_01")
            }
        let registration = try EtcdRegistration(
            address,
            advertise: endpoint,
            ttl: ttl,
            instance: instance,
            report: updates.append
        )
        registration.start()
        if self == .template { registration.set(["host"]) }
        return (registration, updates)
    }
}

@Suite(
    .enabled(if: EtcdServer.isInstalled),
    .serialized,
    .timeLimit(.minutes(2))
)
struct EtcdRegistrationTests {
    @Test(arguments: Form.allCases)
    func `The entry exists while the tier serves, and is removed when it withdraws`(form: Form) async throws {
        let etcd = try await EtcdServer.start()
        let (registration, updates) = try form.register([etcd.url], instance: "one")
        try await until("the registration") { updates.all == [.registered(1)] }
        let value = try #require(try etcd.get(key))
        #expect(try EntryValue(Data(value.utf8)).addresses == [at("10.0.0.5:9000", identity: "one")])
        #expect(await registration.withdraw())
        #expect(try etcd.get(key) == nil)
    }

    @Test(
        arguments: Form.allCases,
        [9000, 9001] as [UInt16]
    )
    func `A second instance is refused with the name of the first, which keeps its entry`(
        form: Form,
        port: UInt16
    ) async throws {
        let etcd = try await EtcdServer.start()
        let (first, updates) = try form.register([etcd.url], instance: "one")
        try await until("the registration") { updates.all == [.registered(1)] }
        let other = Endpoint(address: here.address, port: port)
        let (second, refused) = try form.register([etcd.url], at: other, instance: "two")
        try await until("the refusal") { !refused.all.isEmpty }
        #expect(refused.all.first == .held(key: key, by: "instance one at 10.0.0.5:9000"))
        #expect(try etcd.get(key)?.contains("\"one\"") == true)
        #expect(await first.withdraw())
        try await until("the second's turn") { refused.all.last == .registered(1) }
        #expect(await second.withdraw())
        #expect(updates.all == [.registered(1)])
    }

    @Test(arguments: Form.allCases)
    func `After a crash the same address takes its name over without it having been away`(form: Form)
        async throws
    {
        let etcd = try await EtcdServer.start()
        // What a crashed tier leaves behind: its entry under a lease that nobody renews.
        let lease = try etcd.grant(3)
        try etcd.put(key, EntryValue.json(here, instance: "before"), lease: lease)
        let followed = FollowedNames()
        let source = try EtcdNames(EtcdCluster(endpoints: [etcd.url], prefix: prefix))
        source.start(followed.take)
        defer { source.stop() }
        try await until("the list") { followed.now.isUp }
        let (registration, updates) = try form.register([etcd.url], instance: "after")
        try await until("the registration") {
            #expect(followed.names["host_01"] != nil)
            return updates.all == [.registered(1)]
        }
        try await until("the new instance") { followed.names["host_01"]?.first?.identity == "after" }
        #expect(await registration.withdraw())
    }

    @Test(arguments: Form.allCases)
    func `After an outage longer than the lease the tier registers again`(form: Form) async throws {
        let etcd = try await EtcdServer.start()
        let (registration, updates) = try form.register([etcd.url], ttl: 2, instance: "one")
        try await until("the registration") { updates.all == [.registered(1)] }
        etcd.kill()
        try await until("the lease's end") {
            updates.all.contains { if case .lost = $0 { true } else { false } }
        }
        if form == .template { registration.set(["host", "new"]) }
        // An empty store: neither the lease nor the entry.
        try FileManager.default.removeItem(at: etcd.folder)
        try await etcd.restart()
        let count = form == .template ? 2 : 1
        try await until("the registration") {
            try etcd.get(key) != nil && updates.all.last == .registered(count)
        }
        #expect(await registration.withdraw())
        #expect(try etcd.get(key) == nil)
    }

    @Test func `A front follows the names of a template, and none is left at the end`() async throws {
        let etcd = try await EtcdServer.start()
        let followed = FollowedNames()
        let source = try EtcdNames(EtcdCluster(endpoints: [etcd.url], prefix: prefix))
        source.start(followed.take)
        defer { source.stop() }
        let (registration, updates) = try Form.template.register([etcd.url], instance: "me")
        registration.set(Set((0..<300).map { "c\($0)" }))
        try await until("all names") { followed.names.count == 300 }
        #expect(followed.names["c7_01"] == [at("10.0.0.5:9000", identity: "me")])
        try await until("the update") { updates.all.last == .registered(300) }
        registration.set(["c1", "new"])
        try await until("the end of the others") { Set(followed.names.keys) == ["c1_01", "new_01"] }
        #expect(await registration.withdraw())
        try await until("the end") { followed.names.isEmpty }
    }

    @Test
    func `An entry of somebody else stays and is reported; a name that is too long is left out`() async throws
    {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "a_01", #"{"address":"10.0.0.9:1","meta":{"instance":"other"}}"#)
        let (registration, updates) = try Form.template.register([etcd.url], instance: "me")
        registration.set(["a", "b", "c", String(repeating: "x", count: 253)])
        try await until("the update") { updates.all.contains(.registered(2)) }
        #expect(try etcd.get(prefix + "a_01")?.contains("other") == true)
        #expect(
            updates.all.contains(
                .held(key: prefix + "a_01", by: "instance other at 10.0.0.9:1, without a lease")
            )
        )
        #expect(updates.all.contains { if case .leftOut = $0 { true } else { false } })
        #expect(await registration.withdraw())
        #expect(try etcd.get(prefix + "a_01") != nil)
        #expect(try etcd.get(prefix + "b_01") == nil)
    }
}
