import Foundation
import NIOConcurrencyHelpers
import Names
import Routing
import Settings
import Testing

@testable import Registries

private let prefix = "/berth/containers/"

private final class Heard: Sendable {
    private let list = NIOLockedValueBox<[EtcdPublication.News]>([])
    var all: [EtcdPublication.News] { list.withLockedValue { $0 } }
    func take(_ news: EtcdPublication.News) { list.withLockedValue { $0.append(news) } }
}

@Suite("Where names are published")
struct PublicationAddressTests {
    @Test("{name} stands once behind the last slash")
    func form() throws {
        let address = try PublicationAddress("etcd=http://a:1,b:2/berth/containers/{name}_01")
        #expect(
            address.cluster.endpoints == ["http://a:1", "http://b:2"] && address.cluster.prefix == prefix
        )
        #expect(address.name("web") == "web_01" && address.key("web") == prefix + "web_01")
        #expect(try PublicationAddress("etcd=http://a:1/x/h-{name}").name("web") == "h-web")
        for text in [
            "etcd=http://a:1/berth/web_01", "etcd=http://a:1/{name}/web", "etcd=http://a:1/x/{name}{name}",
            "{name}",
            "http://a:1/x/{name}", "etcd=http://{name}/x/a", "",
        ] {
            #expect(throws: RegistryError.self) { try PublicationAddress(text) }
        }
        #expect(throws: RegistryError.self) {
            try EtcdPublication(
                PublicationAddress("etcd=http://a:1/x/{name}:80"),
                advertise: Endpoint(address: at("10.0.0.5:1").address, port: 1)
            ) { _ in }
        }
    }
}

@Suite(
    "Publication with a real etcd",
    .enabled(if: EtcdServer.isThere),
    .serialized,
    .timeLimit(.minutes(2))
)
struct EtcdPublicationTests {
    private func publish(_ url: String, ttl: Int = 10) throws -> (EtcdPublication, Heard) {
        let heard = Heard()
        let publication = try EtcdPublication(
            PublicationAddress("etcd=\(url)\(prefix){name}_01"),
            advertise: Endpoint(address: at("10.0.0.5:1").address, port: 9000),
            ttl: ttl,
            instance: "me",
            tell: heard.take
        )
        publication.start()
        return (publication, heard)
    }

    private func follow(_ url: String) throws -> (EtcdSource, Followed) {
        let followed = Followed()
        let source = try EtcdSource(EtcdCluster(endpoints: [url], prefix: prefix))
        source.start(followed.take)
        return (source, followed)
    }

    @Test("A front knows the names as they come and go, and none of them is left at the end")
    func life() async throws {
        let etcd = try await EtcdServer.start()
        let (source, followed) = try follow(etcd.url)
        defer { source.stop() }
        let (publication, heard) = try publish(etcd.url)
        let many = Set((0..<300).map { "c\($0)" })
        publication.set(many)
        try await until("all names") { followed.names.count == 300 }
        #expect(followed.names["c7_01"] == [at("10.0.0.5:9000", identity: "me")])
        try await until("the news") { heard.all.last == .published(300) }
        publication.set(["c1", "new"])
        try await until("the others' end") { Set(followed.names.keys) == ["c1_01", "new_01"] }
        #expect(await publication.withdraw())
        try await until("the end") { followed.names.isEmpty }
    }

    @Test("An entry of somebody else stays, and is said; one of an earlier life is taken over")
    func held() async throws {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "a_01", #"{"address":"10.0.0.9:1","meta":{"instance":"other"}}"#)
        let lease = try etcd.grant(60)
        try etcd.put(
            prefix + "b_01",
            #"{"address":"10.0.0.5:9000","meta":{"instance":"before"}}"#,
            lease: lease
        )
        let (publication, heard) = try publish(etcd.url)
        publication.set(["a", "b", "c", String(repeating: "x", count: 253)])
        try await until("the news") { heard.all.contains(.published(2)) }
        #expect(try etcd.get(prefix + "a_01")?.contains("other") == true)
        #expect(try etcd.get(prefix + "b_01")?.contains("\"me\"") == true)
        let said = heard.all.contains {
            if case .held(prefix + "a_01", let who) = $0 {
                who.hasPrefix("instance other at 10.0.0.9:1")
            } else {
                false
            }
        }
        #expect(said)
        #expect(heard.all.contains { if case .leftOut = $0 { true } else { false } })
        #expect(await publication.withdraw())
        #expect(try etcd.get(prefix + "a_01") != nil)
        #expect(try etcd.get(prefix + "b_01") == nil)
    }

    @Test("After an outage that the lease did not outlive all names are put again")
    func outage() async throws {
        let etcd = try await EtcdServer.start()
        let (publication, heard) = try publish(etcd.url, ttl: 2)
        publication.set(["a", "b"])
        try await until("the names") { heard.all.last == .published(2) }
        etcd.kill()
        try await until("the lease's end") {
            heard.all.contains { if case .lost = $0 { true } else { false } }
        }
        publication.set(["b", "c"])
        try FileManager.default.removeItem(at: etcd.folder)
        try await etcd.restart()
        try await until("the names") {
            try etcd.get(prefix + "c_01") != nil && heard.all.last == .published(2)
        }
        #expect(try etcd.get(prefix + "a_01") == nil)
        #expect(await publication.withdraw())
    }
}
