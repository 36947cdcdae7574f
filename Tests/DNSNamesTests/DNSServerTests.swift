import Glibc
import Routing
import Testing

@testable import DNSNames

/// From which ports a server is queried.
@Suite struct DNSServerTests {
    @Test func `No port carries more than a few dozen queries, open or in a row`() throws {
        let sink = try UDPSocket.bind()
        defer { UDPSocket.close(sink.descriptor) }
        let server = try DNSServer(
            Endpoint(address: IPAddress(v4: 0x7F00_0001), port: sink.port),
            timeout: 60_000
        )
        var queries: [UInt16: Int] = [:]
        for index in 0..<1000 {
            server.query(DNSQuestion("n\(index).test", .a)) { _ in }
            while let port = UDPSocket.sender(of: sink.descriptor) { queries[port, default: 0] += 1 }
        }
        #expect(queries.values.reduce(0, +) == 1000)
        #expect(queries.count >= 1000 / DNSServer.queriesOfPort)
        #expect(queries.values.max() ?? 0 <= DNSServer.queriesOfPort)
    }

    @Test func `The number of ports is bounded; all of them are given up after a burst`() throws {
        let sink = try UDPSocket.bind()
        let server = try DNSServer(
            Endpoint(address: IPAddress(v4: 0x7F00_0001), port: sink.port),
            timeout: 1
        )
        let count = DNSServer.queriesOfPort * DNSServer.maxPorts + 100
        var ended = 0
        for index in 0..<count { server.query(DNSQuestion("n\(index).test", .a)) { _ in ended += 1 } }
        #expect(server.channels.count == DNSServer.maxPorts)
        UDPSocket.close(sink.descriptor)
        while ended < count {
            for channel in server.channels { channel.processTimeouts() }
        }
        server.trim()
        #expect(server.channels.count == 1)
        #expect(server.channels.allSatisfy { $0.open == 0 && $0.queriesOfPort == 0 && $0.sockets.isEmpty })
    }
}
