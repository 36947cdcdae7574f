import HashTreeCollections
import NIOCore
import Routing
import Settings
import Testing

@testable import Names
@testable import Proxy
@testable import ProxyCore

/// A name that goes ends what waits on it: a connection that is being made at once, and a response where the machine of
/// the endpoint is gone, too. What an endpoint that drains still serves goes on.
@Suite struct WithdrawnEndpointTests {
    private static let request = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"

    /// Timeouts that no test waits for.
    private static func bench() throws -> FaultBench {
        try FaultBench {
            $0.timeouts.connect = .seconds(60)
            $0.timeouts.upstream = .seconds(60)
            $0.timeouts.downstream = .seconds(60)
        }
    }

    private static func install(_ endpoints: [NamedAddress], on bench: FaultBench) {
        let names = endpoints.isEmpty ? [:] : ["pair": endpoints]
        let table = NameTable(layers: [NameLayer(source: "static", names: names)])
        bench.worker.install(names: NameTableUpdate(table: table, changed: ["pair"]))
        bench.settle()
    }

    @Test func `A request that connects to an endpoint whose name has gone is refused at the next tick`()
        throws
    {
        let bench = try Self.bench()
        defer { bench.end() }
        bench.connecting = .hangs
        let client = bench.client()
        client.say(Self.request)
        bench.pass(.seconds(2))
        #expect(client.heard.isEmpty)
        Self.install([], on: bench)
        bench.pass(DataPathConstants.tick)
        #expect(client.heard.hasPrefix("HTTP/1.1 503 "))
        #expect(client.heard.contains("error=destination_unavailable"))
    }

    @Test func `A name that leads elsewhere leads there the requests that still connect`() throws {
        let bench = try Self.bench()
        defer { bench.end() }
        bench.connecting = .hangs
        Self.install([FaultBench.pair[0]], on: bench)
        let client = bench.client()
        client.say(Self.request)
        bench.pass(.seconds(2))
        bench.connecting = .works
        Self.install([FaultBench.pair[1]], on: bench)
        bench.pass(DataPathConstants.tick)
        let upstream = try #require(bench.upstreams.last)
        #expect(upstream.heard.hasPrefix("GET / "))
        upstream.say("HTTP/1.1 204 No Content\r\n\r\n")
        bench.settle()
        #expect(client.heard.hasPrefix("HTTP/1.1 204 "))
    }

    @Test func `A request that connects to an endpoint that stays goes on`() throws {
        let bench = try Self.bench()
        defer { bench.end() }
        bench.connecting = .waits
        Self.install([FaultBench.pair[0]], on: bench)
        let client = bench.client()
        client.say(Self.request)
        Self.install(FaultBench.pair, on: bench)
        bench.pass(.seconds(1))
        bench.connectNow()
        #expect(try #require(bench.upstreams.last).heard.hasPrefix("GET / "))
    }

    @Test(arguments: [true, false])
    func `A response is awaited from an endpoint that drains, and not from a machine that is gone`(
        drains: Bool
    )
        throws
    {
        let bench = try Self.bench()
        defer { bench.end() }
        let client = bench.client()
        client.say(Self.request)
        bench.settle()
        let upstream = try #require(bench.upstreams.last)
        upstream.transport.peerIsGone = !drains
        Self.install([], on: bench)
        bench.pass(.seconds(20))
        guard drains else {
            #expect(client.heard.hasPrefix("HTTP/1.1 504 "))
            #expect(!upstream.transport.isOpen)
            return
        }
        #expect(client.heard.isEmpty)
        upstream.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        bench.settle()
        #expect(client.heard.hasSuffix("late"))
    }

    @Test func `A machine that is gone is not noticed as long as its name stays: the timeout counts`() throws
    {
        let bench = try Self.bench()
        defer { bench.end() }
        let client = bench.client()
        client.say(Self.request)
        bench.settle()
        try #require(bench.upstreams.last).transport.peerIsGone = true
        bench.pass(.seconds(20))
        #expect(client.heard.isEmpty)
        bench.pass(.seconds(41))
        #expect(client.heard.hasPrefix("HTTP/1.1 504 "))
    }

    @Test(arguments: [true, false])
    func `A tunnel to an endpoint that drains stays, and one to a machine that is gone ends`(drains: Bool)
        throws
    {
        let bench = try Self.bench()
        defer { bench.end() }
        let client = bench.client()
        client.say("GET / HTTP/1.1\r\nHost: pair.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        bench.settle()
        let upstream = try #require(bench.upstreams.last)
        upstream.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        bench.settle()
        #expect(client.heard.hasPrefix("HTTP/1.1 101 "))
        upstream.transport.peerIsGone = !drains
        Self.install([], on: bench)
        bench.pass(.seconds(20))
        #expect(client.transport.isOpen == drains)
        #expect(upstream.transport.isOpen == drains)
    }

    @Test func `An endpoint is not withdrawn while its name is being resolved or cannot be`() throws {
        let bench = try StagesBench(canWait: true)
        let cold = NameTable(layers: [NameLayer(source: "dns", content: .answers([:]))])
        bench.stages.install(names: NameTableUpdate(table: cold, changed: nil))
        var route = RequestRoute()
        var untraced: RouteTrace?
        try bench.route("GET / HTTP/1.1\r\nHost: one.test\r\n\r\n", into: &route, trace: &untraced)
        _ = try bench.stages.resolve(&route)
        let known = ResolvedName(source: "dns", addresses: [StagesBench.address(7)], use: nil)
        try bench.stages.resolve(&route, with: .known(known))
        let upstream = try bench.stages.pick(&route)
        func isWithdrawn(_ answer: CachedAnswer?) -> Bool {
            var content = NameLayer.Content.answers([:])
            if let answer { content = .answers(["one": answer]) }
            let table = NameTable(layers: [NameLayer(source: "dns", content: content)])
            bench.stages.install(names: NameTableUpdate(table: table, changed: ["one"]))
            return bench.stages.isWithdrawn(upstream, route)
        }
        #expect(!isWithdrawn(nil))
        #expect(!isWithdrawn(.failed(NameProblem(.timeout, "no answer"), UsageMark())))
        #expect(isWithdrawn(CachedAnswer.none(UsageMark())))
    }
}
