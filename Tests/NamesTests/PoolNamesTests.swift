import Balancing
import Names
import NIOEmbedded
import Routing
import Testing

@Suite struct PoolNamesTests {
    private static func member(_ text: String, weight: UInt16 = 1) throws -> PoolEndpoint {
        var member = PoolEndpoint(try #require(Endpoint(text)))
        member.settings.weight = weight
        return member
    }

    @Test func `Pools with endpoints are names, with their weights, before other sources`() throws {
        let pools = NameSource.pools([
            "api": [try Self.member("10.0.0.2:81", weight: 3), try Self.member("[::1]:80")]
        ])
        let other = try #require(IPAddress("10.0.0.9"))
        let names = NameSource.fixed([
            "api": [NamedAddress(address: other)], "web": [NamedAddress(address: other)],
        ])
        let table = try NameDirectory([pools, names], on: EmbeddedEventLoop()).table
        let api = try #require(table.lookUp("api").resolved)
        #expect(api.source == "pools" && api.addresses.map(\.port) == [81, 80])
        #expect(api.addresses.map(\.weight) == [3, 1])
        #expect(table.lookUp("web").resolved?.source == "static")
    }

    @Test func `Pools are another source than names that are written as a list`() throws {
        let address = try #require(IPAddress("10.0.0.2"))
        let names = NameSource.fixed(["api": [NamedAddress(address: address, port: 81)]])
        #expect(NameSource.pools(["api": [try Self.member("10.0.0.2:81")]]).key != names.key)
    }
}
