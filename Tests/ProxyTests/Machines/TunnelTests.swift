import FuzzChecks
import NIOCore
import Testing

@testable import ProxyCore

/// A tunnel between two ends that a test plays: there is no channel and no socket.
private final class TunnelBench: TunnelOwner {
    let client: PipeTransport
    let container: PipeTransport
    private(set) var ending: Tunnel.Ending?
    private(set) var isClosed = false
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private(set) var tunnel: Tunnel?

    init(
        client: PipeTransport = PipeTransport(),
        container: PipeTransport = PipeTransport(),
        earlyDown: String = "",
        earlyUp: String = "",
        clientEnded: Bool = false
    ) {
        self.client = client
        self.container = container
        let tunnel = Tunnel(
            downstream: TunnelEnd(client, early: ByteBuffer(string: earlyUp), inputEnded: clientEnded),
            upstream: TunnelEnd(container, early: ByteBuffer(string: earlyDown), inputEnded: false),
            owner: self,
            clock: { [unowned self] in now }
        )
        self.tunnel = tunnel
        tunnel.start()
    }

    func tunnelEnded(_ ending: Tunnel.Ending) { self.ending = ending }
    func tunnelClosed() { isClosed = true }

    func pass(_ time: TimeAmount) {
        now = now + time
        tunnel?.tick(now: now, idle: .seconds(60), accept: .seconds(10))
    }
}

@Suite struct TunnelTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `What arrived before a tunnel goes first, and bytes are counted both ways`() {
        let bench = TunnelBench(earlyDown: "hello", earlyUp: "hi")
        bench.client.peerSends(" there")
        bench.container.peerSends(" to you")
        #expect(text(bench.container.received) == "hi there")
        #expect(text(bench.client.received) == "hello to you")
        #expect(bench.tunnel?.bytesUp == 8)
        #expect(bench.tunnel?.bytesDown == 12)
    }

    @Test func `Either side may close its half first, and the other goes on`() {
        let bench = TunnelBench()
        bench.client.peerEndsInput()
        #expect(bench.container.events == ["output closed"])
        bench.container.peerSends("more")
        #expect(text(bench.client.received) == "more")
        // Both halves of its connection have ended; what it sent last is the owner's to pass on.
        bench.container.peerEndsInput()
        #expect(bench.ending == .upstreamClosed)
        #expect(bench.client.isActive)
    }

    @Test func `A half-close that came before the tunnel is passed on`() {
        #expect(TunnelBench(clientEnded: true).container.events == ["output closed"])
    }

    @Test(arguments: [true, false])
    func `A side is read only while the other accepts bytes`(fromClient: Bool) {
        let bench = TunnelBench()
        let (from, to) = fromClient ? (bench.client, bench.container) : (bench.container, bench.client)
        to.isWritable = false
        #expect(!from.peerSends("waits"))
        to.peerAccepts()
        #expect(from.events == ["reads"])
        #expect(from.peerSends("goes"))
        #expect(text(to.received) == "goes")
    }

    @Test func `When the upstream has closed, the downstream's transport goes back`() {
        let bench = TunnelBench()
        bench.container.peerCloses()
        #expect(bench.ending == .upstreamClosed)
        #expect(bench.client.isActive && bench.client.owner == nil)
    }

    @Test(arguments: [true, false])
    func `Nothing is left of a tunnel when either side has closed`(byClient: Bool) {
        let (client, container) = (PipeTransport(), PipeTransport())
        weak var tunnel: Tunnel?
        do {
            let bench = TunnelBench(client: client, container: container)
            tunnel = bench.tunnel
            if byClient { client.peerCloses() } else { container.peerCloses() }
        }
        #expect(tunnel == nil)
    }

    @Test func `A downstream that goes in order has its last bytes sent; then both sides are closed`() {
        let bench = TunnelBench()
        bench.container.isWritable = false
        bench.container.write(ByteBuffer(string: "last"))
        bench.client.peerEndsInput()
        bench.client.peerCloses()
        #expect(bench.ending == .downstreamClosed)
        #expect(!bench.isClosed)
        bench.container.peerAccepts()
        #expect(text(bench.container.received) == "last")
        bench.container.peerCloses()
        #expect(bench.isClosed)
    }

    @Test func `An upstream that accepts nothing of the last bytes is given up`() {
        let bench = TunnelBench()
        bench.container.isWritable = false
        bench.container.write(ByteBuffer(string: "last"))
        bench.client.peerCloses()
        bench.pass(.seconds(9))
        #expect(!bench.isClosed)
        bench.pass(.seconds(1))
        #expect(bench.isClosed)
        #expect(bench.container.events.last == "closed")
    }

    @Test func `A downstream that breaks off ends both sides at once`() {
        let bench = TunnelBench()
        bench.container.isWritable = false
        bench.container.write(ByteBuffer(string: "last"))
        bench.client.peerCloses(failed: true)
        #expect(bench.ending == .downstreamClosed)
        #expect(bench.isClosed)
        #expect(bench.container.events == ["closed"])
    }

    @Test func `Silence of both sides ends a tunnel; bytes of either keep it`() {
        let bench = TunnelBench()
        bench.pass(.seconds(59))
        bench.container.peerSends("x")
        bench.pass(.seconds(59))
        #expect(bench.ending == nil)
        bench.pass(.seconds(1))
        #expect(bench.ending == .timedOut)
        #expect(bench.isClosed)
        #expect(!bench.client.isActive && !bench.container.isActive)
    }
}
