import Balancing
import Names
import RegistryTestSupport
import Testing

@testable import Operations

@Suite struct NameListingTests {
    private let listing = NameListing(
        name: "host_01",
        source: "etcd",
        addresses: [
            at("10.0.0.5:9000", weight: 2) { $0.state = .drain },
            at("10.0.0.6:9000") {
                $0.isBackup = true
                $0.maxConnections = 5
            },
            at("10.0.0.7:9000"),
        ],
        ttl: 8,
        age: nil,
        hidden: false
    )

    @Test func `What a source states of an address is a column`() {
        let lines = NameListing.table([listing]).split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        #expect(
            lines == [
                "NAME ADDRESS WEIGHT STATE TTL AGE SOURCE IDENTITY",
                "host_01 10.0.0.5:9000 2 drain 8s - etcd -",
                "host_01 10.0.0.6:9000 1 backup, max_conns 5 8s - etcd -",
                "host_01 10.0.0.7:9000 1 - 8s - etcd -",
            ]
        )
    }

    @Test func `JSON has the keys of an entry, where the source states them`() throws {
        let json = try NameListing.json([listing])
        #expect(json.contains(#"{"address":"10.0.0.5","port":9000,"state":"drain","weight":2}"#))
        #expect(json.contains(#"{"address":"10.0.0.6","backup":true,"max_conns":5,"port":9000,"weight":1}"#))
        #expect(json.contains(#"{"address":"10.0.0.7","port":9000,"weight":1}"#))
    }

    @Test func `A change shows the state`() {
        #expect(
            NameListingChange.set(listing).text
                == "set host_01 10.0.0.5:9000(drain),10.0.0.6:9000(backup max_conns 5),10.0.0.7:9000 etcd"
        )
    }
}
