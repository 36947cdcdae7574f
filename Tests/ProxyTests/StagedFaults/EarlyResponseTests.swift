import NIOCore
import Testing

@testable import Proxy
@testable import ProxyCore

/// Responses that begin before their request has arrived.
@Suite struct EarlyResponseTests {
    private static let response = "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"

    private static func post(_ length: Int, host: String = "x", _ fields: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: \(host)\r\nContent-Length: \(length)\r\n\(fields)\r\n"
    }

    /// What the client gets for a request whose body does not come, from an endpoint that responds at once.
    private func responded(_ request: String, _ bench: FaultBench) -> FaultBench.Peer {
        let client = bench.client()
        client.say(request)
        bench.settle()
        bench.upstreams.last?.say(Self.response)
        bench.settle()
        return client
    }

    @Test(arguments: [
        post(200_000), post(100, "Expect: 100-continue\r\n"),
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func `Where much may follow, or it is not known how much, the connection closes`(request: String) throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = responded(request, bench)
        #expect(client.heard.hasPrefix("HTTP/1.1 403 "))
        #expect(client.heard.contains("\r\nConnection: close\r\n"))
        #expect(client.wire.berthFinished)
        #expect(bench.idleUpstreams == 0 && bench.upstreams.allSatisfy { !$0.transport.isOpen })
    }

    @Test func `Where little follows it is discarded, and the next request has its response`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = responded(Self.post(20_000), bench)
        #expect(!client.takeHeard().contains("Connection: close"))
        client.say(String(repeating: "a", count: 20_000) + "GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        bench.settle()
        // Its endpoint may not have read the rest of the first: the second goes on another connection.
        #expect(bench.upstreams.count == 2)
        #expect(bench.upstreams.last?.heard.hasPrefix("GET /next ") == true)
        bench.upstreams.last?.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")
        bench.settle()
        #expect(client.heard.hasSuffix("\r\n\r\nnext"))
    }

    @Test func `A connection whose response began early is not used again, though its request came whole`()
        throws
    {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say(Self.post(20_000) + "begin")
        bench.settle()
        let endpoint = try #require(bench.upstreams.first)
        endpoint.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        bench.settle()
        client.say(String(repeating: "a", count: 20_000 - 5))
        bench.settle()
        endpoint.say("k")
        bench.settle()
        #expect(client.heard.hasSuffix("\r\n\r\nok"))
        #expect(bench.idleUpstreams == 0)
    }

    @Test func `A connection on which some of the request still waits is not used again`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 1_000
        let client = bench.client()
        client.say(Self.post(20_000))
        bench.settle()
        let endpoint = try #require(bench.upstreams.first)
        endpoint.reads = false
        for _ in 0..<20 {
            client.say(String(repeating: "a", count: 1_000))
            bench.settle()
        }
        endpoint.say(Self.response)
        bench.settle()
        // All of it has arrived at Berth: the client's connection lives on.
        #expect(client.heard.hasSuffix("\r\n\r\nno") && !client.heard.contains("Connection: close"))
        #expect(bench.idleUpstreams == 0)
    }

    @Test func `A chunked body that is there already closes nothing`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.connecting = .fails(.connectionRefused)
        let client = bench.client()
        let chunks = String(repeating: "4e20\r\n\(String(repeating: "a", count: 20_000))\r\n", count: 2)
        client.say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n")
        bench.settle(read: 64_000)
        #expect(client.heard.hasPrefix("HTTP/1.1 502 ") && !client.heard.contains("Connection: close"))
    }

    @Test func `Berth's own early response closes as well where much may follow`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.connecting = .fails(.connectionRefused)
        let large = bench.client()
        large.say(Self.post(200_000))
        let small = bench.client()
        small.say(Self.post(20_000))
        bench.settle()
        #expect(large.heard.contains("HTTP/1.1 502 ") && large.heard.contains("\r\nConnection: close\r\n"))
        #expect(small.heard.contains("HTTP/1.1 502 ") && !small.heard.contains("\r\nConnection: close\r\n"))
    }
}
