import HTTP1
import HashTreeCollections
import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// Which endpoints a request can reach, whatever its host is and whatever name sources return.
@Suite struct TargetAddressTests {
    private static let spellings = [
        "127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1", "0",
    ]

    private static func rule(_ to: String) -> RuleDefinition {
        RuleDefinition(name: "any", host: #"~^(?<name>[a-z0-9.]+)\.test$"#, action: .forward(to: to))
    }

    @Test(arguments: spellings)
    func `A captured address is an unknown target`(name: String) throws {
        let names = [name: [StagesBench.address(1)], "shop": [StagesBench.address(2)]]
        for keeps in [true, false] {
            let bench = try StagesBench([Self.rule("$name:8080")], names: names, keeps: keeps)
            #expect(throws: Failure(.unknownTarget)) { try bench.pick("\(name).test") }
            #expect(try bench.pick("shop.test") == 2)
        }
    }

    @Test(arguments: spellings)
    func `No source is queried for a captured address`(name: String) throws {
        let bench = try StagesBench([Self.rule("$name:8080")], canWait: true)
        let cold = NameTable(layers: [NameLayer(source: "system", content: .answers([:]))])
        bench.stages.install(names: NameTableUpdate(table: cold, changed: nil))
        // `resolved` throws a time-out where the name would be queried.
        #expect(throws: Failure(.unknownTarget)) { try bench.resolved("\(name).test") }
        #expect(throws: Failure(.nameTimeout)) { try bench.resolved("shop.test") }
    }

    @Test func `A captured address is resolved where the rule file lists it under static`() throws {
        let bench = try StagesBench([Self.rule("10.0.0.$name")], canWait: true)
        let known = NameTable(layers: [
            NameLayer(source: "dns", content: .answers([:])),
            NameLayer(source: NameTable.writtenSource, names: ["10.0.0.1": [StagesBench.address(7)]]),
        ])
        bench.stages.install(names: NameTableUpdate(table: known, changed: nil))
        #expect(try bench.pick("1.test") == 7)
        #expect(throws: Failure(.unknownTarget)) { try bench.pick("2.test") }
    }

    @Test func `An address that the rule spells out is reached`() throws {
        #expect(try StagesBench([Self.rule("127.0.0.7:8080")]).pick("a.test") == 7)
    }

    private static func endpoint(_ text: String) throws -> Endpoint { try #require(Endpoint(text)) }

    @Test func `Registries and DNS servers are never connected to, other endpoints of loopback are`() throws {
        let own = try #require(IPAddress("192.0.2.1"))
        let guarded = AddressGuard(
            listening: [],
            ownAddresses: [own],
            controlPlane: try ["127.0.0.1:2379", "127.0.0.53:53", "[::1]:2379", "10.0.0.5:2379"].map(
                Self.endpoint
            ),
            openPorts: [53, 80]
        )
        for text in ["127.0.0.1:2379", "[::ffff:127.0.0.1]:2379", "[::1]:2379", "10.0.0.5:2379"] {
            let reason = guarded.objection(to: try Self.endpoint(text), endpointNetworks: [])
            #expect(reason == .controlPlane, "\(text)")
        }
        // The server on port 53 listens on every address.
        for text in ["127.0.0.53:53", "127.0.0.1:53", "192.0.2.1:53"] {
            #expect(guarded.objection(to: try Self.endpoint(text), endpointNetworks: []) != nil, "\(text)")
        }
        for text in [
            "127.0.0.2:2379", "127.0.0.1:2380", "127.0.0.1:80", "10.0.0.5:80", "192.0.2.1:2379",
            "10.0.0.6:53",
        ] {
            #expect(guarded.objection(to: try Self.endpoint(text), endpointNetworks: []) == nil, "\(text)")
        }
    }
}

/// The scheme that templates see.
@Suite struct ClientSchemeTests {
    @Test(arguments: [
        ("", "http"), ("X-Forwarded-Proto: https\r\n", "https"), ("X-Forwarded-Proto: HTTPS\r\n", "https"),
        ("X-Forwarded-Proto: http\r\n", "http"), ("X-Forwarded-Proto: wss\r\n", "https"),
        ("X-Forwarded-Proto: https, https\r\n", "https"), ("X-Forwarded-Proto: https, http\r\n", "http"),
        ("X-Forwarded-Proto: http\r\nX-Forwarded-Proto: https\r\n", "http"),
        ("X-Forwarded-Proto: javascript\r\n", "http"), ("X-Forwarded-Proto:\r\n", "http"),
        ("Forwarded: for=192.0.2.7;proto=https\r\n", "https"),
        ("Forwarded: for=192.0.2.7;proto=https, for=10.0.0.2;proto=http\r\n", "http"),
        ("X-Forwarded-Proto: http\r\nForwarded: proto=https\r\n", "http"),
    ])
    func `A trusted proxy states the scheme`(fields: String, scheme: String) throws {
        let rule = RuleDefinition(name: "r", action: .redirect(to: "${scheme}://new.test/"))
        for (trusted, expected) in [(true, scheme), (false, "http")] {
            let bench = try StagesBench([rule]) {
                $0.trustedProxies = trusted ? [CIDR("192.0.2.1/32")].compactMap(\.self) : []
            }
            for _ in 0..<2 {
                var route = RequestRoute()
                var untraced: RouteTrace?
                try bench.route(
                    "GET / HTTP/1.1\r\nHost: a.test\r\n\(fields)\r\n",
                    into: &route,
                    trace: &untraced
                )
                guard case .redirect(_, let location)? = route.decision?.decision.outcome else {
                    Issue.record("no redirect")
                    continue
                }
                #expect(String(decoding: location, as: UTF8.self) == "\(expected)://new.test/")
            }
        }
    }
}
