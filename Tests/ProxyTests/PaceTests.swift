import Foundation
import NIOCore
import Routing
import Testing

@testable import Proxy

/// Slow is not late: each deadline is counted from where its wait began.
@Suite("Pace", .timeLimit(.minutes(1)))
struct PaceTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test("An idle connection's life begins at the end of the answer, not at its head")
    func idleAfterLongAnswer() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            while true {
                _ = try connection.readHead()
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
                Thread.sleep(forTimeInterval: 1.2)
                try connection.write("b")
            }
        }
        try await TestTier.run(to: origin, configure: { $0.timeouts.keepAlive = .seconds(1) }) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            #expect(try client.readAnswer().body == "ab")
            try await Task.sleep(for: .milliseconds(500))
            try client.write(Self.get)
            #expect(try client.readAnswer().body == "ab")
        }
    }

    @Test("Much that comes before the switch of protocols does not stop what comes after it")
    func earlyTunnelBytes() async throws {
        let size = 100_000
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            Thread.sleep(forTimeInterval: 0.3)
            try connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: sink\r\nConnection: Upgrade\r\n\r\n"
            )
            let count = try connection.read(exactly: 2 * size).count
            try connection.write("\(count)")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: sink\r\n\r\n")
            try client.write([UInt8](repeating: 1, count: size))
            #expect(try client.readHead().hasPrefix("HTTP/1.1 101 "))
            try client.write([UInt8](repeating: 1, count: size))
            #expect(try client.readToEnd() == "\(2 * size)")
        }
    }
}
