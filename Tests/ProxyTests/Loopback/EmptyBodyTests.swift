import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// A body of no bytes is whole with its head.
@Suite(.timeLimit(.minutes(4)))
struct EmptyBodyTests {
    @Test func `A POST of no bytes leaves both connections in use`() async throws {
        let origin = try ScriptedOrigin.echoingHeads()
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            for _ in 0..<3 {
                try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                #expect(try client.readResponse().head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            #expect(await tier.log.wait(for: 3).map(\.reused) == [false, true, true])
        }
    }

    @Test func `A half-close behind a POST of no bytes cuts off nothing`() async throws {
        let origin = try ScriptedOrigin.echoingHeads()
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            client.closeWriting()
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }
}
