import Foundation
import NIOCore
import NIOEmbedded
import Names
import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// A target with two endpoints, one of them dead: clients do not notice, but for the first of them where a connect
/// hangs.
@Suite struct DeadEndpointTests {
    /// `BERTH_REQUESTS=10000` sends more of them.
    private static let requests =
        ProcessInfo.processInfo.environment["BERTH_REQUESTS"].flatMap { Int($0) } ?? 2_000

    /// The other endpoint of the target.
    private static let other = Endpoint(address: FaultBench.pair[1].address, port: 80)

    private static func request(_ number: Int, _ random: inout SeededRandom) -> String {
        let post = random.next() % 2 == 0
        let body = post ? "0123456789" : ""
        return "\(post ? "POST" : "GET") /\(number) HTTP/1.1\r\nHost: pair.test\r\n"
            + (post ? "Content-Length: 10\r\n" : "") + "\r\n" + body
    }

    /// Sends requests one after the other, and lets time go by where there is no response.
    ///
    /// - Returns: how long each request without a response at once had to wait.
    private func run(_ connecting: FaultBench.Connecting, _ random: inout SeededRandom) throws -> [TimeAmount]
    {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.connecting = connecting
        bench.concerned = FaultBench.endpoint
        let client = bench.client()
        var waits: [TimeAmount] = []
        for number in 0..<Self.requests {
            client.say(Self.request(number, &random))
            let start = bench.loop.now
            while true {
                bench.settle()
                for upstream in bench.upstreams where !upstream.takeHeard().isEmpty {
                    upstream.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                }
                bench.settle()
                let response = client.takeHeard()
                guard response.isEmpty else {
                    #expect(response.hasPrefix("HTTP/1.1 200 "), "request \(number)")
                    break
                }
                try #require(bench.loop.now - start < .seconds(10), "request \(number) has no response")
                bench.pass(DataPathConstants.tick)
            }
            if bench.loop.now > start { waits.append(bench.loop.now - start) }
            // A connection that closes now and then, so that new ones are needed.
            if random.next() % 8 == 0 {
                bench.upstreams.last?.wire.close()
                bench.settle()
            }
            if random.next() % 16 == 0 { bench.pass(.milliseconds(250)) }
        }
        return waits
    }

    @Test func `A body that waits while its first endpoint hangs goes on to the next`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        func respond() {
            bench.settle()
            for upstream in bench.upstreams where !upstream.takeHeard().isEmpty {
                upstream.say("HTTP/1.1 204 No Content\r\n\r\n")
            }
            bench.settle()
        }
        // A connection to each of the two endpoints waits for work; the one to the endpoint that is next closes.
        let get = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"
        client.say(get)
        respond()
        let isFirst = bench.idleUpstreams == 1
        client.say(get)
        respond()
        try #require(bench.upstreams.count == 2 && bench.idleUpstreams == 1)
        bench.upstreams[0].wire.close()
        bench.settle()
        bench.concerned = isFirst ? FaultBench.endpoint : Self.other
        bench.connecting = .waits
        _ = client.takeHeard()
        let body = String(repeating: "b", count: 10_000)
        client.say("POST / HTTP/1.1\r\nHost: pair.test\r\nContent-Length: 10000\r\n\r\n")
        // A body that comes with its head would be sent with it.
        bench.settle()
        client.say(body)
        bench.settle()
        #expect(bench.upstreams[1].heard.isEmpty)
        bench.pass(.seconds(1))
        #expect(bench.upstreams.count == 2)
        #expect(bench.upstreams[1].heard.hasSuffix("\r\n\r\n" + body))
        respond()
        #expect(client.heard.hasPrefix("HTTP/1.1 204 "))
    }

    @Test func `Refused: no request fails, and none waits`() throws {
        var random = SeededRandom(seed: TestSeed.make(for: "dead endpoint, refused"))
        #expect(try run(.fails(.connectionRefused), &random).isEmpty)
    }

    @Test
    func `A black hole: no request fails; the first waits for one connect timeout at most, and no other`()
        throws
    {
        var random = SeededRandom(seed: TestSeed.make(for: "dead endpoint, black hole"))
        let waits = try run(.hangs, &random)
        #expect(waits.count <= 1)
        // The bench's connect timeout is 1 s.
        #expect(waits.allSatisfy { $0 <= .seconds(1) + DataPathConstants.tick })
    }
}
