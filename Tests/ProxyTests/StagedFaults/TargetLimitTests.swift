import HashTreeCollections
import NIOCore
import Names
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// A target that stalls leaves the descriptors to the others.
@Suite struct TargetLimitTests {
    private static let other = "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"

    private func bench(limit: Int) throws -> FaultBench {
        try FaultBench {
            $0.limits.connectionsPerTarget = limit
        }
    }

    private func ask(_ request: String, _ bench: FaultBench) -> FaultBench.Peer {
        let client = bench.client()
        client.say(request)
        bench.settle()
        return client
    }

    @Test func `One request more than its limit receives 503, and those of other targets are served`() throws
    {
        let bench = try bench(limit: 2)
        defer { bench.end() }
        let clients = (0..<4).map { _ in ask(UpstreamFault.get, bench) }
        #expect(bench.upstreams.count == 2)
        for client in clients[2...] {
            #expect(client.heard.hasPrefix("HTTP/1.1 503 "))
            #expect(client.heard.contains("error=connection_limit_reached"))
        }
        #expect(bench.log.lines.allSatisfy { $0.cause == .targetLimit })
        let other = ask(Self.other, bench)
        bench.upstreams.last?.say("HTTP/1.1 204 Done\r\n\r\n")
        bench.settle()
        #expect(other.heard.hasPrefix("HTTP/1.1 204 "))
    }

    @Test(arguments: ["responds", "closes", "hangs", "client leaves", "tunnel ends"])
    func `A request that has ended makes place for another`(end: String) throws {
        let bench = try bench(limit: 1)
        defer { bench.end() }
        let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
        let client = ask(end == "tunnel ends" ? upgrade : UpstreamFault.get, bench)
        let endpoint = try #require(bench.upstreams.first)
        #expect(ask(UpstreamFault.get, bench).heard.hasPrefix("HTTP/1.1 503 "))
        switch end {
        case "responds": endpoint.say("HTTP/1.1 204 Done\r\n\r\n")
        case "closes": endpoint.wire.close()
        case "hangs": bench.pass(.seconds(5))
        case "client leaves": client.wire.reset()
        default:
            endpoint.say("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            bench.settle()
            #expect(ask(UpstreamFault.get, bench).heard.hasPrefix("HTTP/1.1 503 "))
            client.wire.reset()
        }
        bench.settle()
        bench.pass(.milliseconds(250))
        #expect(ask(UpstreamFault.get, bench).heard.isEmpty)
    }

    @Test func `A connection that is being made counts, and attempts at other endpoints count once`() throws {
        let bench = try bench(limit: 1)
        defer { bench.end() }
        bench.connecting = .fails(.connectionRefused)
        bench.concerned = FaultBench.endpoint
        let pair = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"
        for _ in 0..<4 {
            let client = ask(pair, bench)
            #expect(ask(pair, bench).heard.hasPrefix("HTTP/1.1 503 "))
            bench.upstreams.last?.say("HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n")
            bench.settle()
            #expect(client.heard.hasPrefix("HTTP/1.1 204 "))
        }
        bench.connecting = .waits
        bench.concerned = nil
        let client = ask(pair, bench)
        #expect(client.heard.isEmpty)
        #expect(ask(pair, bench).heard.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func `An attempt to connect keeps its place when its client has left`() throws {
        let bench = try bench(limit: 1)
        defer { bench.end() }
        bench.connecting = .hangs
        ask(UpstreamFault.get, bench).wire.reset()
        bench.settle()
        #expect(ask(UpstreamFault.get, bench).heard.hasPrefix("HTTP/1.1 503 "))
        bench.pass(.seconds(2))
        bench.connecting = .works
        #expect(ask(UpstreamFault.get, bench).heard.isEmpty)
    }

    @Test func `A request that goes to another endpoint during an attempt to connect keeps its place`() throws
    {
        let bench = try bench(limit: 1)
        defer { bench.end() }
        func install(_ endpoint: NamedAddress) {
            let table = NameTable(layers: [NameLayer(source: "static", names: ["pair": [endpoint]])])
            bench.worker.install(names: NameTableUpdate(table: table, changed: ["pair"]))
            bench.settle()
        }
        let pair = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"
        bench.connecting = .hangs
        bench.concerned = FaultBench.endpoint
        install(FaultBench.pair[0])
        let client = ask(pair, bench)
        install(FaultBench.pair[1])
        bench.pass(DataPathConstants.tick)
        let upstream = try #require(bench.upstreams.last)
        #expect(upstream.heard.hasPrefix("GET / ") && ask(pair, bench).heard.hasPrefix("HTTP/1.1 503 "))
        // The attempt ends, and the request does not.
        bench.pass(.seconds(2))
        #expect(ask(pair, bench).heard.hasPrefix("HTTP/1.1 503 "))
        upstream.say("HTTP/1.1 204 Done\r\n\r\n")
        bench.settle()
        #expect(client.heard.hasPrefix("HTTP/1.1 204 ") && ask(pair, bench).heard.isEmpty)
    }

    @Test func `A target counts over all loops, and is forgotten with them`() throws {
        let counters = TargetCounters()
        let bench = try StagesBench(names: ["one": [StagesBench.address(1)]])
        let pool = try #require(try bench.resolved("one.test").pool)
        var loops = [counters.counter(for: pool.key), counters.counter(for: pool.key)]
        #expect(loops[0].enter(limit: 2) && loops[1].enter(limit: 2))
        #expect(!loops[0].enter(limit: 2))
        loops[1].leave()
        #expect(loops[0].enter(limit: 2))
        loops = []
        #expect(counters.count == 0)
    }

    @Test func `What is not set comes from the descriptors`() {
        var settings = TierSettings(name: "front", instance: "test")
        settings.fit(descriptors: 1_072, loops: 2)
        #expect(settings.limits.connections == 750 && settings.limits.connectionsPerTarget == 333)

        settings = TierSettings(name: "local", instance: "test")
        settings.limits.connections = 7
        settings.fit(descriptors: 1_072, loops: 2)
        #expect(settings.limits.connections == 7 && settings.limits.connectionsPerTarget == 166)

        settings = TierSettings(name: "local", instance: "test")
        settings.fit(descriptors: nil, loops: 4)
        #expect(settings.limits.connections == nil && settings.limits.connectionsPerTarget == nil)
        settings.fit(descriptors: 8, loops: 1)
        #expect(settings.limits.connections == 24 && settings.limits.connectionsPerTarget == 5)
    }

    @Test func `For a connection too many, one that waits for its next request is closed`() throws {
        let bench = try FaultBench { $0.fit(descriptors: 8, loops: 1) }
        defer { bench.end() }
        // The limits are 24 in all and 10 for one target.
        let busy = (0..<5).map { _ in ask(UpstreamFault.get, bench) }
        let idle = (0..<19).map { _ in
            let client = ask(Self.other, bench)
            bench.upstreams.last?.say("HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n")
            bench.settle()
            return client
        }
        #expect(idle.allSatisfy { $0.heard.hasPrefix("HTTP/1.1 204 ") && $0.transport.isOpen })
        let next = (0..<5).map { _ in ask(Self.other, bench) }
        #expect(next.allSatisfy { $0.transport.isOpen } && busy.allSatisfy { $0.transport.isOpen })
        #expect(idle.count { $0.transport.isOpen } == 14)
        #expect(bench.worker.context.counters.rejected == 0)
    }
}
