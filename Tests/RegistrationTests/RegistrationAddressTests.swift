import Names
import RegistryClient
import RegistryTestSupport
import Routing
import Settings
import Testing

@testable import Registration

@Suite struct RegistrationAddressTests {
    @Test(
        arguments: [
            ("etcd=http://a:1/berth/hosts/host_01", ["http://a:1"], "/berth/hosts/", "host_01"),
            ("etcd=https://a:1,b:2/x", ["https://a:1", "https://b:2"], "/", "x"),
        ]
    )
    func `An address has the registry, its members and the key`(
        text: String,
        members: [String],
        prefix: String,
        name: String
    ) throws {
        let address = try RegistrationAddress(text)
        #expect(address.cluster.endpoints == members)
        #expect(address.cluster.prefix == prefix)
        #expect(address.name == name && address.entry(for: "") == name && !address.isTemplate)
        #expect(address.key == prefix + name)
    }

    @Test(
        arguments: ["", "http://a/b", "etcd=a:1/b", "etcd=http://a:1", "etcd=http://a:1/", "etcd=http:///x"]
    )
    func `An address without a key or a registry is refused with an example`(text: String) throws {
        let error = try #require(throws: RegistryError.self) { try RegistrationAddress(text) }
        #expect("\(error)".contains("write it like etcd=http://10.0.0.1:2379/berth/hosts/host_01"))
    }

    @Test func `A template has {name} once, after the last slash`() throws {
        let address = try RegistrationAddress(template: "etcd=http://a:1,b:2/berth/containers/{name}_01")
        #expect(address.cluster.endpoints == ["http://a:1", "http://b:2"])
        #expect(address.cluster.prefix == "/berth/containers/" && address.isTemplate)
        #expect(address.entry(for: "web") == "web_01" && address.key == "/berth/containers/{name}_01")
        #expect(try RegistrationAddress(template: "etcd=http://a:1/x/h-{name}").entry(for: "web") == "h-web")
        for text in [
            "etcd=http://a:1/berth/web_01", "etcd=http://a:1/{name}/web", "etcd=http://a:1/x/{name}{name}",
            "{name}", "http://a:1/x/{name}", "etcd=http://{name}/x/a", "",
        ] {
            #expect(throws: RegistryError.self) { try RegistrationAddress(template: text) }
        }
        #expect(throws: RegistryError.self) {
            try EtcdRegistration(
                RegistrationAddress(template: "etcd=http://a:1/x/{name}:80"),
                advertise: Endpoint(address: at("10.0.0.5:1").address, port: 1)
            ) { _ in }
        }
    }
}
