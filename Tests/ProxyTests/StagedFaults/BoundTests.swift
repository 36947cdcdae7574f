import NIOCore
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// What slow and small peers cost, and how long they are waited for.
@Suite struct BoundTests {
    private static let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
    private static let switching = "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"

    private func tunnel(_ bench: FaultBench) -> (client: FaultBench.Peer, endpoint: FaultBench.Peer)? {
        let client = bench.client()
        client.say(Self.upgrade)
        bench.settle()
        guard let endpoint = bench.upstreams.first else { return nil }
        endpoint.say(Self.switching)
        bench.settle()
        _ = client.takeHeard()
        _ = endpoint.takeHeard()
        return (client, endpoint)
    }

    private func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(97 + index % 26))) }

    @Test func `Bytes one by one, to an endpoint that takes none, wait and arrive`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 100
        let (client, endpoint) = try #require(tunnel(bench))
        endpoint.reads = false
        let text = (0..<2_000).map(letter).joined()
        for index in 0..<2_000 {
            client.say(letter(index))
            bench.settle()
        }
        #expect(endpoint.transport.waitingBytes <= 2_000)
        endpoint.reads = true
        bench.settle()
        #expect(endpoint.heard == text)
    }

    @Test func `Bytes one by one, to a client that takes none, wait and arrive`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 100
        let client = bench.client()
        client.say(UpstreamFault.get)
        bench.settle()
        let endpoint = try #require(bench.upstreams.first)
        endpoint.say("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")
        bench.settle()
        client.reads = false
        for index in 0..<2_000 {
            endpoint.say(letter(index))
            bench.settle()
        }
        #expect(client.transport.waitingBytes <= 2_200)
        client.reads = true
        bench.settle()
        #expect(client.heard.hasSuffix("\r\n\r\n" + (0..<2_000).map(letter).joined()))
        #expect(bench.idleUpstreams == 1)
    }

    @Test func `Small chunks that lose their extensions go on in one piece`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 1
        let client = bench.client()
        client.say("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        bench.settle()
        let endpoint = try #require(bench.upstreams.first)
        endpoint.reads = false
        _ = endpoint.takeHeard()
        client.say(String(repeating: "1;a\r\nx\r\n", count: 1_000))
        client.transport.readable(16_000)
        client.say("0\r\n\r\n")
        endpoint.reads = true
        bench.settle()
        #expect(endpoint.heard == String(repeating: "1\r\nx\r\n", count: 1_000) + "0\r\n\r\n")
    }

    @Test
    func `An upload that its endpoint takes slowly is not late, and one that it does not take is`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 1_000
        let client = bench.client()
        client.say("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n")
        bench.settle()
        let endpoint = try #require(bench.upstreams.first)
        endpoint.reads = false
        var rest = 300_000
        while rest > 0, client.wire.room > 0 {
            let piece = min(rest, client.wire.room)
            client.say(String(repeating: "a", count: piece))
            rest -= piece
            bench.settle()
        }
        // Far longer than any timeout, a few bytes at a time, and never down to a watermark.
        for _ in 0..<40 {
            endpoint.take(10)
            bench.pass(.seconds(1))
        }
        #expect(client.heard.isEmpty)
        #expect(endpoint.transport.isOpen)
        bench.pass(.seconds(5))
        #expect(client.heard.hasPrefix("HTTP/1.1 504 "))
        #expect(!endpoint.transport.isOpen)
    }

    @Test func `A client that was held back by a slow endpoint is not late when it may go on`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 1_000
        let client = bench.client()
        client.say("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n")
        bench.settle()
        let endpoint = try #require(bench.upstreams.first)
        endpoint.reads = false
        var sent = 0
        while client.wire.room > 0, sent < 300_000 {
            let piece = min(300_000 - sent, client.wire.room)
            client.say(String(repeating: "a", count: piece))
            sent += piece
            bench.settle()
        }
        for _ in 0..<30 {
            endpoint.take(10)
            bench.pass(.seconds(1))
        }
        endpoint.reads = true
        bench.settle()
        while sent < 300_000 {
            let piece = min(300_000 - sent, client.wire.room)
            client.say(String(repeating: "a", count: piece))
            sent += piece
            bench.settle()
        }
        endpoint.say("HTTP/1.1 204 Done\r\n\r\n")
        bench.settle()
        #expect(client.heard.hasPrefix("HTTP/1.1 204 "))
    }

    @Test func `A client's last bytes in a tunnel arrive after the endpoint has closed its half`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 100
        let (client, endpoint) = try #require(tunnel(bench))
        endpoint.say("bye")
        endpoint.wire.finish()
        bench.settle()
        #expect(client.heard == "bye" && client.isToldTheEnd)
        endpoint.reads = false
        let last = String(repeating: "z", count: 15_000)
        client.say(last)
        bench.settle()
        client.wire.close()
        bench.settle()
        endpoint.reads = true
        bench.settle()
        #expect(endpoint.heard == last)
        #expect(endpoint.isToldTheEnd)
        endpoint.wire.close()
        bench.settle()
        #expect(bench.isClean)
        #expect(bench.log.lines == [.init(status: 101, cause: nil)])
    }

    @Test func `An endpoint that does not take the last of a tunnel is not waited for without end`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 100
        let (client, endpoint) = try #require(tunnel(bench))
        endpoint.wire.finish()
        bench.settle()
        endpoint.reads = false
        client.say(String(repeating: "z", count: 15_000))
        bench.settle()
        client.wire.close()
        bench.settle()
        #expect(!bench.worker.connections.isEmpty)
        bench.pass(.seconds(6))
        #expect(bench.isClean)
    }

    @Test func `An endpoint's last bytes in a tunnel arrive after the client has closed its half`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 100
        let (client, endpoint) = try #require(tunnel(bench))
        client.wire.finish()
        bench.settle()
        client.reads = false
        let last = String(repeating: "z", count: 15_000)
        endpoint.say(last)
        endpoint.wire.close()
        bench.settle()
        client.reads = true
        bench.settle()
        #expect(client.heard == last)
        client.wire.close()
        bench.settle()
        #expect(bench.isClean)
    }

    /// A tunnel that its endpoint has ended, whose last bytes wait for the client.
    private func endedTunnel(_ bench: FaultBench, byReset: Bool) throws -> (
        client: FaultBench.Peer, last: String
    ) {
        bench.window = 100
        let (client, endpoint) = try #require(tunnel(bench))
        client.reads = false
        let last = String(repeating: "z", count: 15_000)
        endpoint.say(last)
        bench.settle()
        if byReset {
            endpoint.wire.reset()
        } else {
            client.wire.finish()
            endpoint.wire.close()
        }
        bench.settle()
        #expect(!endpoint.transport.isOpen && client.transport.isOpen)
        return (client, last)
    }

    @Test(arguments: [true, false])
    func `A client that reads a tunnel's last bytes slowly is not cut off`(byReset: Bool) throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let (client, last) = try endedTunnel(bench, byReset: byReset)
        // Far longer than any timeout, a few bytes at a time.
        for _ in 0..<40 {
            client.take(10)
            bench.pass(.seconds(1))
        }
        client.reads = true
        bench.settle()
        #expect(client.heard == last && client.isToldTheEnd)
        client.wire.close()
        bench.settle()
        #expect(bench.isClean)
    }

    @Test(arguments: [true, false])
    func `A client that reads nothing of a tunnel's last bytes is given up`(byReset: Bool) throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let (client, _) = try endedTunnel(bench, byReset: byReset)
        bench.pass(.seconds(3))
        #expect(client.transport.isOpen)
        bench.pass(.seconds(3))
        #expect(bench.isClean)
    }

    @Test func `During a long answer the request is held no more`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say("GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 8_000))\r\n\r\n")
        bench.settle()
        let connection = try #require(bench.worker.connections.all.first as? DownstreamConnection)
        #expect(connection.exchange.outgoing.capacity > 8_000)
        bench.upstreams.first?.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        bench.settle()
        bench.pass(.seconds(1))
        #expect(connection.exchange.outgoing.capacity == 0)
    }

    @Test(
        arguments: [
            "HEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/9.9\r\nHost: x\r\n\r\n",
            "\r\nHEAD / HTTP/1.1\r\nA : b\r\n\r\n",
        ]
    )
    func `A HEAD that can't be read gets a refusal without a body`(_ request: String) throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say(request)
        bench.settle()
        #expect(client.heard.contains("\r\nContent-Length: ") && client.heard.hasSuffix("\r\n\r\n"))
        #expect(client.isToldTheEnd)
    }

    @Test func `A HEAD that does not end in time gets a refusal without a body`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say("HEAD / HTTP/1.1\r\nHo")
        bench.settle()
        bench.pass(.seconds(5))
        #expect(client.heard.hasPrefix("HTTP/1.1 408 ") && client.heard.hasSuffix("\r\n\r\n"))
    }

    @Test func `Connections that wait for work give their descriptors to one that is needed`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say(UpstreamFault.get)
        bench.settle()
        bench.upstreams.first?.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
        bench.settle()
        #expect(bench.idleUpstreams == 1)
        bench.connecting = .needsDescriptors
        client.say("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        bench.settle()
        #expect(bench.idleUpstreams == 0)
        #expect(
            bench.upstreams.count == 2
                && bench.upstreams[1].heard.hasPrefix("GET / HTTP/1.1\r\nHost: other.test")
        )
    }

    @Test func `A refused upload is read for some time, and not for ever`() throws {
        let bench = try FaultBench { $0.limits.bodyBytes = 10 }
        defer { bench.end() }
        let client = bench.client()
        client.say("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        bench.settle()
        // More than any bound on bytes that there was: the answer must not be lost to a reset.
        for _ in 0..<200 {
            client.say("3e7a\r\n" + String(repeating: "a", count: 0x3E7A) + "\r\n")
            bench.settle()
        }
        #expect(!client.wire.berthReset)
        #expect(client.heard.hasPrefix("HTTP/1.1 413 ") && client.isToldTheEnd)
        for _ in 0..<40 {
            client.say("a")
            bench.pass(.seconds(1))
        }
        #expect(bench.isClean)
    }
}
