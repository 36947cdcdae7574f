import Dispatch
import FuzzChecks
import NIOCore
import NIOEmbedded
import Names
import Routing
import NIOConcurrencyHelpers
import Settings
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// Slow is not late: each deadline is counted from where its wait began.
@Suite(.timeLimit(.minutes(4)))
struct PaceTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `An idle connection's life begins at the end of the answer, not at its head`() throws {
        let loop = EmbeddedEventLoop()
        let worker = Worker(
            loop: loop,
            settings: TierSettings(name: "front", instance: "test"),
            table: try RouteTable([RuleDefinition(name: "one", action: .forward(to: "10.0.0.1:80"))]),
            resolver: TargetResolver(
                names: NameTable(layers: []),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: nil,
            gate: ConnectionGate(Limits()),
            seed: 1
        )
        let (client, endpoint) = (PipeTransport(), PipeTransport())
        worker.context.connect = { upstream, _, done in
            done(.success(worker.upstreamConnection(to: upstream, over: endpoint)))
        }
        let connection = DownstreamConnection(
            worker: worker,
            connection: ConnectionInfo(peer: IPAddress(v4: 0x7F00_0001), localPort: 1, trustedProxies: []),
            now: loop.now
        )
        connection.begin(client)

        client.peerSends(Self.get)
        endpoint.peerSends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        loop.advanceTime(by: .seconds(80))
        endpoint.peerSends("b")
        worker.tick(now: loop.now + .seconds(74))
        #expect(connection.phase == .idle)
        worker.tick(now: loop.now + .seconds(75))
        #expect(connection.phase == .closed)
        loop.run()
    }

    @Test
    func `Much that comes before the switch of protocols does not stop what comes after it`() async throws {
        // The origin speaks when the client can't write any more: the proxy has stopped reading.
        let full = DispatchSemaphore(value: 0)
        let more = 100_000
        let early = NIOLockedValueBox(0)
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            full.wait()
            try connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: sink\r\nConnection: Upgrade\r\n\r\n"
            )
            let count = try connection.read(exactly: early.withLockedValue { $0 } + more).count
            try connection.write("\(count)")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: sink\r\n\r\n")
            let written = try client.writeUntilFull()
            early.withLockedValue { $0 = written }
            full.signal()
            #expect(try client.readHead().hasPrefix("HTTP/1.1 101 "))
            try client.write([UInt8](repeating: 1, count: more))
            #expect(try client.readToEnd() == "\(written + more)")
        }
    }
}
