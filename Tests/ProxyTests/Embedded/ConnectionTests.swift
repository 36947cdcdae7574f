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
    private func withConnection(
        rules: [RuleDefinition],
        behind holding: HeldWrites? = nil,
        _ body: (EmbeddedChannel, DownstreamConnection) throws -> Void
    ) throws {
        let channel = EmbeddedChannel()
        let worker = Worker(
            loop: channel.embeddedEventLoop,
            settings: TierSettings(name: "front", instance: "test"),
            table: try RouteTable(rules),
            resolver: TargetResolver(
                names: NameTable(layers: []),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: nil,
            gate: ConnectionGate(Limits()),
            seed: 1
        )
        let connection = DownstreamConnection(
            worker: worker,
            connection: ConnectionInfo(peer: IPAddress(v4: 0x7F00_0001), localPort: 1, trustedProxies: []),
            now: channel.embeddedEventLoop.now
        )
        if let holding { try channel.pipeline.syncOperations.addHandler(holding) }
        try channel.pipeline.syncOperations.addHandler(connection.transportForChannel())
        try body(channel, connection)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    @Test func `An upstream connection that could not be made is released`() throws {
        weak var released: UpstreamConnection?
        try withConnection(rules: []) { channel, downstream in
            let upstream = Upstream(Endpoint(address: IPAddress(v4: 0x0A00_0001), port: 80))
            let connection = UpstreamConnection(worker: downstream.worker, upstream: upstream)
            released = connection
            let failing = EmbeddedChannel(loop: channel.embeddedEventLoop)
            let transport = connection.transportForChannel()
            try failing.pipeline.syncOperations.addHandler(transport)
            // As the end of an attempt to connect: the handlers go, and the channel has never been active.
            transport.handlerRemoved(context: try failing.pipeline.syncOperations.context(handler: transport))
            _ = try? failing.finish(acceptAlreadyClosed: true)
        }
        #expect(released == nil)
    }

    @Test func `Pipelined requests that never end with a read do not pile up`() throws {
        try withConnection(rules: [RuleDefinition(name: "one", action: .respond(status: 204))]) {
            channel,
            connection in
            let request = "GET /0123456789 HTTP/1.1\r\nHost: x\r\n\r\n"
            try channel.writeInbound(ByteBuffer(string: String(request.prefix(10))))
            let shifted = String(request.dropFirst(10) + request.prefix(10))
            for _ in 0..<10_000 {
                try channel.writeInbound(ByteBuffer(string: shifted))
                while try channel.readOutbound(as: ByteBuffer.self) != nil {}
            }
            #expect(connection.requests == 10_000)
            #expect(connection.inbound.capacity <= DataPathConstants.heldBytes)
        }
    }

    @Test(arguments: ["close", "x"])
    func `A half-close while the answer still waits does not cut the answer`(connection option: String) throws
    {
        let held = HeldWrites()
        try withConnection(rules: [RuleDefinition(name: "one", action: .respond(status: 204))], behind: held)
        {
            channel,
            connection in
            let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: \(option)\r\n\r\n"
            try channel.writeInbound(ByteBuffer(string: request))
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            #expect(!held.closed)
            held.release()
            #expect(held.closed)
        }
    }

    @Test
    func `An empty line behind a request begins no head, neither for the deadline nor for a shutdown`() throws
    {
        try withConnection(rules: [RuleDefinition(name: "one", action: .respond(status: 204))]) {
            channel,
            connection in
            try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n"))
            _ = try channel.readOutbound(as: ByteBuffer.self)
            connection.tick(now: channel.embeddedEventLoop.now + .seconds(61))
            #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
            #expect(connection.phase == .idle)
            connection.drain()
            #expect(connection.phase != .idle)
        }
    }

    @Test func `A small answer that waits holds little`() throws {
        try withConnection(rules: [RuleDefinition(name: "one", action: .respond(status: 204))]) {
            channel,
            connection in
            // A large answer has passed before.
            connection.worker.scratch.out.reserveCapacity(DataPathConstants.coalescedBytes)
            for _ in 0..<3 {
                try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                let answer = try #require(try channel.readOutbound(as: ByteBuffer.self))
                #expect(answer.storageCapacity <= 2 * answer.readableBytes)
            }
        }
    }
}

/// A peer that takes nothing until it is told to.
private final class HeldWrites: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private var context: ChannelHandlerContext?
    private(set) var closed = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func flush(context: ChannelHandlerContext) {}

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        closed = true
        promise?.succeed(())
    }

    func release() { context?.flush() }
}
