import EtcdClient
import EtcdNames
import Foundation
import Names
import Settings
import RegistryTestSupport
import Testing

private let prefix = "/berth/hosts/"

private func value(_ address: String) -> String { "{\"address\":\"\(address)\"}" }

@Suite(.enabled(if: EtcdServer.isInstalled), .serialized, .timeLimit(.minutes(2)))
struct EtcdNamesTests {
    private func follow(_ urls: [String], state: String? = nil) throws -> (EtcdNames, FollowedNames) {
        let followed = FollowedNames()
        let source = try EtcdNames(EtcdCluster(endpoints: urls, prefix: prefix), stateDirectory: state)
        source.start(followed.take)
        return (source, followed)
    }

    @Test func `Existing entries are listed; puts, changes and deletes follow`() async throws {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "host_01", value("10.0.0.1:9000"))
        try etcd.put("/other/host_09", value("10.0.0.9:9000"))
        let (source, followed) = try follow([etcd.url])
        defer { source.stop() }
        try await until("the first list") { followed.names == ["host_01": [at("10.0.0.1:9000")]] }

        try etcd.put(
            prefix + "host_02",
            "[{\"address\":\"10.0.0.2\",\"port\":90,\"weight\":3},{\"address\":\"[::1]:90\"}]"
        )
        try await until("the new name") {
            followed.names["host_02"] == [at("10.0.0.2:90", weight: 3), at("[::1]:90")]
        }
        try etcd.put(prefix + "host_01", value("10.0.0.11:9000"))
        try await until("the change") { followed.names["host_01"] == [at("10.0.0.11:9000")] }
        try etcd.delete(prefix + "host_02")
        try await until("the removal") { followed.names == ["host_01": [at("10.0.0.11:9000")]] }

        let lease = try etcd.grant(2)
        try etcd.put(prefix + "host_03", value("10.0.0.3:9000"), lease: lease)
        try await until("the leased name") { followed.now.seen.contains("host_03") }
        try await until("the lease's end") { followed.names["host_03"] == nil }
        #expect(followed.now.snapshots == 1)
        #expect(followed.now.downs.isEmpty)
    }

    @Test func `A malformed value is reported, and does not affect other names`() async throws {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "good", value("10.0.0.1:9000"))
        try etcd.put(prefix + "text", "10.0.0.2:9000")
        try etcd.put(prefix + "UPPER", value("10.0.0.2:9000"))
        try etcd.put(prefix + "huge", value("10.0.0.2:9000") + String(repeating: " ", count: 1 << 20))
        let (source, followed) = try follow([etcd.url])
        defer { source.stop() }
        try await until("the first list") { followed.names == ["good": [at("10.0.0.1:9000")]] }
        #expect(followed.now.problems.count == 3)
        try etcd.put(prefix + "good", "{\"address\":17}")
        try etcd.put(prefix + "later", value("10.0.0.4:9000"))
        try await until("the later name") { followed.names["later"] != nil }
        #expect(followed.names["good"] == [at("10.0.0.1:9000")])
        #expect(followed.now.problems.last == "/berth/hosts/good: 'address' is of the wrong type")
    }

    @Test func `After a restart of etcd the changes in between arrive, without a new list`() async throws {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "a", value("10.0.0.1:9000"))
        let (source, followed) = try follow([etcd.url])
        defer { source.stop() }
        try await until("the first list") { followed.names["a"] != nil }
        etcd.kill()
        try await until("the news that it is down") { !followed.now.isUp }
        #expect(followed.names["a"] != nil)
        try await etcd.restart()
        try etcd.put(prefix + "b", value("10.0.0.2:9000"))
        try await until("the new name") { followed.names["b"] != nil && followed.now.isUp }
        #expect(followed.now.snapshots == 1)
        #expect(followed.now.downs.count == 1)
    }

    @Test func `A member that hangs is replaced by another`() async throws {
        let members = try await EtcdServer.startThree()
        let (source, followed) = try follow(members.map(\.url))
        defer { source.stop() }
        try members[0].put(prefix + "a", value("10.0.0.1:9000"))
        try await until("the first name") { followed.names["a"] != nil }
        // Two of three must live; each is the one that is watched in some run.
        members[1].freeze()
        try await until("the others to have a leader") {
            try members[0].send("/v3/kv/put", ["key": "eA==", "value": "eA=="])["header"] != nil
        }
        try members[0].put(prefix + "b", value("10.0.0.2:9000"))
        try await until("the name put beside a frozen member") { followed.names["b"] != nil }
        members[1].thaw()
    }

    @Test func `Revisions that were compacted away lead to a new list`() async throws {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "a", value("10.0.0.1:9000"))
        try etcd.put(prefix + "b", value("10.0.0.2:9000"))
        let (source, followed) = try follow([etcd.url])
        defer { source.stop() }
        try await until("the first list") { followed.names.count == 2 }
        etcd.kill()
        try await until("the news that it is down") { !followed.now.isUp }
        try await etcd.restart()
        try etcd.delete(prefix + "a")
        try etcd.put(prefix + "c", value("10.0.0.3:9000"))
        try etcd.compact()
        try await until("the names as they are") {
            Set(followed.names.keys) == ["b", "c"] && followed.now.isUp
        }
    }

    @Test func `A store that was replaced by another is listed again`() async throws {
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "a", value("10.0.0.1:9000"))
        try etcd.put(prefix + "b", value("10.0.0.2:9000"))
        let (source, followed) = try follow([etcd.url])
        defer { source.stop() }
        try await until("the first list") { followed.names.count == 2 }
        etcd.kill()
        try FileManager.default.removeItem(at: etcd.folder)
        try await etcd.restart()
        try etcd.put(prefix + "c", value("10.0.0.3:9000"))
        try await until("the other store's names") { Set(followed.names.keys) == ["c"] }
    }

    @Test
    func `While etcd is unreachable at the start, the names of the last process are in force`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "berth-state-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let etcd = try await EtcdServer.start()
        try etcd.put(prefix + "a", "{\"address\":\"10.0.0.1:9000\",\"meta\":{\"instance\":\"i1\"}}")
        let (first, followed) = try follow([etcd.url], state: folder.path)
        try await until("the first list") { followed.names["a"] != nil }
        try await until("the file") {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).contains {
                $0.hasSuffix(".names")
            }
        }
        first.stop()
        etcd.kill()
        let (second, later) = try follow([etcd.url], state: folder.path)
        defer { second.stop() }
        try await until("the kept names") { later.names["a"] == [at("10.0.0.1:9000", identity: "i1")] }
        try await until("the news that it is down") { !later.now.isUp && later.now.downs.count == 1 }
        try await etcd.restart()
        try await until("the news that it is up") { later.now.isUp }
    }
}
