import Glibc
import NIOCore
import Testing
import TestSupport

@testable import EpollLoop

@Suite struct ListeningSocketTests {
    private let loopback = SocketEndpoint(.v4(0x7F00_0001), port: 0)

    private func listen(
        _ endpoint: SocketEndpoint? = nil,
        on loop: EpollLoop
    ) throws -> (socket: ListeningSocket, port: UInt16) {
        let socket = try ListeningSocket(
            endpoint ?? loopback,
            ListeningSocket.Options(),
            loop: loop,
            pause: .milliseconds(1)
        )
        return (socket, try #require(socket.endpoint).port)
    }

    private func round(_ loop: EpollLoop) {
        loop.enqueue {}
        loop.round()
    }

    @Test func `All who connect are accepted, in batches that grow`() throws {
        let loop = try EpollLoop()
        loop.adoptThread()
        let (socket, port) = try listen(on: loop)
        var accepted: [Int32] = []
        var peers: Set<UInt16> = []
        socket.begin { descriptor, peer in
            accepted.append(descriptor)
            peers.insert(peer.port)
            #expect(peer.address == .v4(0x7F00_0001))
        } freeDescriptors: {
            false
        }
        let clients = try (0..<20).map { _ in try RawSocket.connect(port: port) }
        var counts: [Int] = []
        for _ in 0..<8 {
            let before = accepted.count
            round(loop)
            counts.append(accepted.count - before)
        }
        #expect(accepted.count == 20 && peers.count == 20)
        #expect(Array(counts.prefix(4)) == [1, 2, 4, 8])
        for descriptor in accepted { Glibc.close(descriptor) }
        socket.end()
        _ = clients
    }

    @Test func `Who has connected before the end is accepted`() throws {
        let loop = try EpollLoop()
        loop.adoptThread()
        let (socket, port) = try listen(on: loop)
        var accepted: [Int32] = []
        socket.begin { descriptor, _ in
            accepted.append(descriptor)
        } freeDescriptors: {
            false
        }
        let clients = try (0..<20).map { _ in try RawSocket.connect(port: port) }
        socket.end()
        #expect(accepted.count == 20)
        for descriptor in accepted { Glibc.close(descriptor) }
        _ = clients
    }

    @Test func `A port that another socket has is found out`() throws {
        let loop = try EpollLoop()
        loop.adoptThread()
        let (socket, port) = try listen(on: loop)
        let taken = SocketEndpoint(.v4(0x7F00_0001), port: port)
        let error = #expect(throws: SocketError.self) {
            try ListeningSocket.probe(taken, ListeningSocket.Options())
        }
        #expect(error?.code == EADDRINUSE)
        // Its like on another loop shares it.
        let (other, _) = try listen(taken, on: loop)
        other.end()
        socket.end()
        try ListeningSocket.probe(taken, ListeningSocket.Options())
    }

    @Test func `IPv4 and IPv6 share a port where IPv6 is alone on its socket`() throws {
        let loop = try EpollLoop()
        loop.adoptThread()
        let (socket, port) = try listen(SocketEndpoint(.v4(0), port: 0), on: loop)
        var options = ListeningSocket.Options()
        options.ipv6Only = true
        let both = SocketEndpoint(.v6(high: 0, low: 0), port: port)
        try ListeningSocket.probe(both, options)
        let other = try ListeningSocket(both, options, loop: loop, pause: .milliseconds(1))
        #expect(other.endpoint == both)
        other.end()
        socket.end()
    }
}
