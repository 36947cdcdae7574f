import NIOCore
import Routing
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// Clients that close their half: most of them have left, and some still read.
@Suite struct LeavingClientTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"

    @Test func `A client that closed its half gets a response that comes soon`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say(UpstreamFault.get)
        client.wire.finish()
        bench.settle()
        bench.pass(.milliseconds(750))
        bench.upstreams.first?.say(Self.head + "0123456789")
        bench.settle()
        #expect(client.heard.hasSuffix("\r\n\r\n0123456789"))
        #expect(bench.log.lines == [.init(status: 200, cause: nil)])
    }

    @Test(arguments: ["connecting", "waiting", "streaming"])
    func `One for which nothing comes is not waited for, and its endpoint learns it`(stage: String) throws {
        let bench = try FaultBench { $0.timeouts.connect = .seconds(30) }
        defer { bench.end() }
        if stage == "connecting" { bench.connecting = .waits }
        let client = bench.client()
        client.say(UpstreamFault.get)
        client.wire.finish()
        bench.settle()
        if stage == "streaming" {
            bench.upstreams.first?.say(Self.head + "01234")
            bench.settle()
        }
        bench.pass(.milliseconds(1_500))
        #expect(
            bench.log.lines == [.init(status: stage == "streaming" ? 200 : 499, cause: .downstreamClosed)]
        )
        if stage == "connecting" { bench.connectNow() }
        #expect(bench.worker.connections.isEmpty)
        #expect(bench.upstreams.allSatisfy { $0.isToldTheEnd } || stage == "connecting")
    }

    @Test func `One that has not taken yet what was sent is not cut off`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 4
        let client = bench.client()
        client.say(UpstreamFault.get)
        bench.settle()
        client.wire.finish()
        client.reads = false
        bench.upstreams.first?.say(Self.head + "01234")
        bench.settle()
        bench.pass(.seconds(3))
        #expect(client.transport.isOpen)
    }

    @Test func `One that reads a response whose parts come steadily gets all of it`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        client.say(UpstreamFault.get)
        client.wire.finish()
        bench.settle()
        bench.upstreams.first?.say(Self.head)
        for digit in 0..<10 {
            bench.pass(.milliseconds(750))
            bench.upstreams.first?.say("\(digit)")
            bench.settle()
        }
        #expect(client.heard.hasSuffix("\r\n\r\n0123456789"))
    }

    @Test func `A trusted proxy that closed its half has left`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let peer = IPAddress(v4: 0x0A00_0002)
        let client = bench.client(
            ConnectionInfo(peer: peer, localPort: 80, trustedProxies: [CIDR(peer)])
        )
        client.say(UpstreamFault.get)
        bench.settle()
        client.wire.close()
        bench.settle()
        bench.pass(.milliseconds(250))
        #expect(bench.log.lines == [.init(status: 499, cause: .downstreamClosed)])
        #expect(bench.upstreams.first?.isToldTheEnd == true)
        #expect(bench.isClean)
    }
}
