import Routing
import RoutingConfig
import Settings
import Testing

@Suite struct ControlPlaneTests {
    @Test func `Registries and DNS servers of a configuration are known by their addresses`() throws {
        let text = """
            rules: [{ name: all, to: a }]
            names:
              - static: { a: '127.0.0.1:80' }
              - etcd: { endpoints: ['http://10.0.0.1:2379', 'https://[::1]:2379/', 'http://10.0.0.2', 'https://10.0.0.3',
                                    'http://localhost:2379', 'http://[::2]', 'http://etcd.test:2379', 'https://etcd.test'] }
              - dns: { servers: [127.0.0.53, '10.0.0.1:5353', '::1'] }
              - dns:
              - containers:
              - system:
            """
        let configuration = try ConfigurationLoader.load(text: text)
        var plane = ControlPlane(configuration.names)
        #expect(
            plane.endpoints.map(\.description) == [
                "10.0.0.1:2379", "[::1]:2379", "10.0.0.2:80", "10.0.0.3:443", "127.0.0.1:2379", "[::1]:2379",
                "[::2]:80", "127.0.0.53:53", "10.0.0.1:5353", "[::1]:53",
            ]
        )
        #expect(plane.hosts.map { "\($0.name) \($0.port)" } == ["etcd.test 2379", "etcd.test 443"])
        plane.add(EtcdCluster(endpoints: ["http://10.0.0.9:2379"]))
        #expect(plane.endpoints.last?.description == "10.0.0.9:2379")
    }
}
