import Balancing
import NIOCore
import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// Checks over real sockets.
@Suite(.timeLimit(.minutes(4)))
struct CheckTests {
    /// What a tier does whose target has been requested once, and is checked from then on.
    private func run(
        _ origin: ScriptedOrigin,
        _ check: HealthCheck,
        _ body: (TestTier, SharedEndpoint) throws -> Void
    ) async throws {
        let rule = RuleDefinition(name: "all", action: .forward(to: "origin"))
        try await TestTier.run(rules: [rule], names: ["origin": [origin.port]], loops: 2) { tier in
            let client = try tier.connect()
            try client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try client.readResponse()
            let endpoint = try #require(tier.tier.sharedEndpoints.all.first)
            endpoint.configure(EndpointSettings(), check: check, now: .now())
            try body(tier, endpoint)
            _ = await tier.log.wait(for: 1)
            // Checks are not logged.
            #expect(tier.log.entries.count == 1)
        }
    }

    @Test func `A check is a request of its own, on a connection that closes`() async throws {
        let gate = Gate()
        let origin = try ScriptedOrigin { connection, _ in
            while true {
                let head = try connection.readHead()
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                guard head.contains("User-Agent: berth-check/") else { continue }
                guard head.hasPrefix("GET /healthz HTTP/1.1\r\n"), try connection.readToEnd().isEmpty else {
                    return
                }
                return gate.open()
            }
        }
        var http = HealthCheck.HTTP()
        http.path = "/healthz"
        http.body = "^ok$"
        var check = HealthCheck()
        check.kind = .http(http)
        try await run(origin, check) { _, endpoint in
            gate.wait()
            #expect(!endpoint.isAvoided)
        }
    }

    @Test func `An endpoint that refuses its check is down`() async throws {
        let gate = Gate()
        let origin = try ScriptedOrigin { connection, _ in
            while true {
                let head = try connection.readHead()
                let isCheck = head.contains("berth-check")
                try connection.write(
                    isCheck
                        ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                )
                if isCheck { return gate.open() }
            }
        }
        var check = HealthCheck()
        check.fall = 1
        check.interval = .milliseconds(250)
        try await run(origin, check) { _, endpoint in
            // When the third arrives, the loop has the result of the first.
            for _ in 0..<3 { gate.wait() }
            #expect(endpoint.flags.contains(.checkedDown))
            #expect(endpoint.health.transitions.map(\.detail) == ["status_500"])
        }
    }
}
