import EtcdClient
import EtcdNames
import Foundation
import Settings
import RegistryClient
import RegistryTestSupport
import Testing

private let prefix = "/berth/hosts/"

@Suite(
    .enabled(if: EtcdServer.isInstalled),
    .serialized,
    .timeLimit(.minutes(2))
)
struct EtcdSecurityTests {
    private func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test
    func `With a user and a password names are followed, also after the token is forgotten`() async throws {
        let etcd = try await EtcdServer.start()
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "password")
        try "geheim\n".write(to: file, atomically: true, encoding: .utf8)
        try etcd.put(prefix + "a", "{\"address\":\"10.0.0.1:1\"}")
        try etcd.send("/v3/auth/user/add", ["name": "root", "password": "geheim"])
        try etcd.send("/v3/auth/role/add", ["name": "root"])
        try etcd.send("/v3/auth/user/grant", ["user": "root", "role": "root"])
        try etcd.send("/v3/auth/enable", [:])

        let followed = FollowedNames()
        let cluster = EtcdCluster(
            endpoints: [etcd.url],
            prefix: prefix,
            user: "root",
            passwordFile: file.path
        )
        let source = try EtcdNames(cluster)
        source.start(followed.take)
        defer { source.stop() }
        try await until("the list") { followed.names["a"] != nil }

        // A restart forgets all simple tokens.
        etcd.kill()
        try await until("the news that it is down") { !followed.now.isUp }
        try await etcd.restart(open: false)
        var token: String?
        try await until("a token") {
            token =
                try etcd.send("/v3/auth/authenticate", ["name": "root", "password": "geheim"])["token"]
                as? String
            return token != nil
        }
        try etcd.put(prefix + "b", "{\"address\":\"10.0.0.2:1\"}", token: token)
        try await until("the new name") { followed.names["b"] != nil }

        let refused = FollowedNames()
        try "falsch".write(to: file, atomically: true, encoding: .utf8)
        let other = try EtcdNames(cluster)
        other.start(refused.take)
        defer { other.stop() }
        try await until("the refusal") { !refused.now.downs.isEmpty }
        #expect(refused.now.downs.first?.contains("authentication failed") == true)
    }

    @Test
    func `With TLS and client certificates names are followed; without trust nothing is`() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Certificates.make(in: folder)
        let file = { (name: String) in folder.appending(path: name).path }
        let etcd = try await EtcdServer.start(
            extra: [
                "--cert-file", file("server.crt"), "--key-file", file("server.key"), "--client-cert-auth",
                "--trusted-ca-file", file("ca.crt"),
            ],
            scheme: "https"
        )
        let cluster = EtcdCluster(
            endpoints: [etcd.url],
            prefix: prefix,
            ca: file("ca.crt"),
            certificate: file("client.crt"),
            key: file("client.key")
        )
        let entries = try EtcdEntryStore(cluster)
        try await until("a first entry") {
            try? await entries.set(
                "a",
                value: "{\"address\":\"10.0.0.1:1\"}",
                ttl: nil,
                ifAbsent: false,
                force: true
            )
            return (try? await entries.entry("a")) != nil
        }
        await entries.shutDown()
        let followed = FollowedNames()
        let source = try EtcdNames(cluster)
        source.start(followed.take)
        defer { source.stop() }
        try await until("the list") { followed.names["a"] != nil }

        for bad in [
            EtcdCluster(endpoints: [etcd.url], prefix: prefix),
            EtcdCluster(endpoints: [etcd.url], prefix: prefix, ca: file("ca.crt")),
        ] {
            let refused = FollowedNames()
            let other = try EtcdNames(bad)
            other.start(refused.take)
            try await until("the refusal") { !refused.now.downs.isEmpty }
            #expect(refused.names.isEmpty)
            other.stop()
        }
        #expect(throws: RegistryError.self) {
            try EtcdNames(EtcdCluster(endpoints: [etcd.url], ca: file("missing.crt")))
        }
    }
}
