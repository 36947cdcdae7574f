import FuzzChecks
import HTTP1
import NIOCore
import NIOEmbedded
import Names
import Routing
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// What a connection holds is bounded, and what it owes is given before it closes.
@Suite struct ConnectionTests {
    private let client = PipeTransport()
    private let loop = EmbeddedEventLoop()
    private let worker: Worker
    private let connection: DownstreamConnection

    /// One rule, which responds with 204.
    init() throws {
        worker = Worker(
            loop: loop,
            settings: TierSettings(name: "front", instance: "test"),
            table: try RouteTable([RuleDefinition(name: "one", action: .respond(status: 204))]),
            resolver: TargetResolver(
                names: NameTable(layers: []),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: nil,
            gate: ConnectionGate(Limits()),
            seed: 1
        )
        connection = DownstreamConnection(
            worker: worker,
            connection: ConnectionInfo(peer: IPAddress(v4: 0x7F00_0001), localPort: 1, trustedProxies: []),
            now: loop.now
        )
        connection.begin(client)
    }

    @Test func `Pipelined requests that never end with a read do not pile up`() {
        let request = "GET /0123456789 HTTP/1.1\r\nHost: x\r\n\r\n"
        client.peerSends(String(request.prefix(10)))
        let shifted = String(request.dropFirst(10) + request.prefix(10))
        for _ in 0..<10_000 {
            client.peerSends(shifted)
            _ = client.takeReceived()
        }
        #expect(connection.requests == 10_000)
        #expect(connection.inbound.storageCapacity <= 64)
    }

    @Test(arguments: ["close", "x"])
    func `A half-close while the response still waits does not cut the response`(connection option: String) {
        client.isWritable = false
        client.peerSends("GET / HTTP/1.1\r\nHost: x\r\nConnection: \(option)\r\n\r\n")
        client.peerEndsInput()
        #expect(client.isActive && client.received.isEmpty)
        client.peerAccepts()
        #expect(String(decoding: client.received, as: UTF8.self).hasPrefix("HTTP/1.1 204 "))
        #expect(!client.isActive)
    }

    @Test func `An empty line after a request begins no head, neither for the deadline nor for a shutdown`() {
        client.peerSends("GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n")
        _ = client.takeReceived()
        connection.tick(now: loop.now + .seconds(61))
        #expect(client.takeReceived().isEmpty)
        #expect(connection.phase == .idle)
        connection.drain()
        #expect(connection.phase != .idle)
    }

    @Test func `What is left of a read is copied out of the loop's buffer`() {
        var read = ByteBuffer()
        read.reserveCapacity(64 << 10)
        read.writeString("GET / HTTP/1.1\r\nHo")
        client.deliver(&read)
        #expect(connection.inbound.readableBytes == 18)
        #expect(connection.inbound.storageCapacity < 100)
    }
}
