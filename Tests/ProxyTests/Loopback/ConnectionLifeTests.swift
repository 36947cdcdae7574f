import NIOCore
import Routing
import TestSupport
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// How many downstream connections there may be, and how long each lives.
@Suite(.timeLimit(.minutes(4)))
struct ConnectionLifeTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test
    func `Over the limits of all connections and of one client a new one is closed at once`() async throws {
        let rule = RuleDefinition(name: "one", action: .respond(status: 204))
        for edit in [
            { (limits: inout Limits) in limits.connections = 2 },
            { (limits: inout Limits) in limits.connectionsPerClient = 2 },
        ] {
            try await TestTier.run(rules: [rule], configure: { edit(&$0.limits) }) { tier in
                let clients = try (0..<2).map { _ in try tier.connect() }
                for client in clients {
                    try client.write(Self.get)
                    #expect(try client.readHead().hasPrefix("HTTP/1.1 204 "))
                }
                #expect(try tier.connect().readToEnd().isEmpty)
                try clients[0].write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                _ = try clients[0].readToEnd()
                let next = try tier.connect()
                try next.write(Self.get)
                #expect(try next.readHead().hasPrefix("HTTP/1.1 204 "))
            }
        }
    }

    @Test func `With keep_alive 0 every answer closes its connection, and says so`() async throws {
        let rule = RuleDefinition(name: "one", action: .respond(status: 204))
        try await TestTier.run(rules: [rule], configure: { $0.timeouts.keepAlive = .zero }) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            #expect(try client.readToEnd().contains("Connection: close\r\n"))
        }
    }

    @Test func `An idle connection is closed after its time`() async throws {
        let rule = RuleDefinition(name: "one", action: .respond(status: 204))
        try await TestTier.run(rules: [rule], configure: { $0.timeouts.keepAlive = .milliseconds(100) }) {
            tier in
            let client = try tier.connect()
            try client.write(Self.get)
            #expect(try client.readHead().hasPrefix("HTTP/1.1 204 "))
            #expect(try client.readToEnd().isEmpty)
        }
    }
}
