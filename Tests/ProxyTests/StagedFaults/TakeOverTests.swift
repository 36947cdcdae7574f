import Balancing
import NIOCore
import Names
import Routing
import Testing

@testable import Proxy
@testable import ProxyCore

/// Requests whose target has no endpoint for them, on their way to the target that takes over.
@Suite struct TakeOverTests {
    private static let primary = Endpoint(address: IPAddress(v4: 0x0A01_0002), port: 80)

    /// `other.test` leads to the primary, and `pair` takes over.
    private static func bench(_ change: (inout PoolDefinition) -> Void = { _ in }) throws -> FaultBench {
        var pool = PoolDefinition(.match("~^10\\.1\\.0\\.2$"))
        pool.failover = "pair"
        change(&pool)
        let bench = try FaultBench(pools: [pool])
        bench.concerned = primary
        return bench
    }

    /// Responds at the endpoint that has received something, and returns it.
    @discardableResult
    private func serve(_ bench: FaultBench, _ response: String = "HTTP/1.1 204 No Content\r\n\r\n")
        -> Endpoint?
    {
        let peer = bench.upstreams.last { !$0.takeHeard().isEmpty }
        peer?.say(response)
        bench.settle()
        return peer?.endpoint
    }

    private func isOfPair(_ endpoint: Endpoint?) -> Bool {
        FaultBench.pair.contains { $0.address == endpoint?.address }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: other.test\r\nContent-Length: 2\r\n\r\nab",
    ])
    func `What no endpoint of the target has received goes to the target that takes over`(request: String)
        throws
    {
        let bench = try Self.bench()
        defer { bench.end() }
        bench.connecting = .fails(.connectionRefused)
        let client = bench.client()
        client.say(request)
        bench.settle()
        #expect(isOfPair(serve(bench)))
        #expect(client.takeHeard().hasPrefix("HTTP/1.1 204"))
        // It is not tried again until its probe succeeds.
        client.say(request)
        bench.settle()
        #expect(isOfPair(serve(bench)) && client.takeHeard().hasPrefix("HTTP/1.1 204"))
        bench.connecting = .works
        bench.pass(.seconds(5))
        client.say(request)
        bench.settle()
        #expect(serve(bench) == Self.primary && client.takeHeard().hasPrefix("HTTP/1.1 204"))
        #expect(bench.log.lines.map(\.status) == [204, 204, 204])
    }

    @Test
    func `A request that is sent again goes to the target that takes over, if its method may be repeated`()
        throws
    {
        let bench = try Self.bench { $0.settings.retries.conditions.insert(.status(503)) }
        defer { bench.end() }
        let client = bench.client()
        client.say("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        bench.settle()
        #expect(serve(bench, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n") == Self.primary)
        #expect(isOfPair(serve(bench)) && client.takeHeard().hasPrefix("HTTP/1.1 204"))
        client.say("POST / HTTP/1.1\r\nHost: other.test\r\nContent-Length: 0\r\n\r\n")
        bench.settle()
        #expect(serve(bench, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n") == Self.primary)
        #expect(serve(bench) == nil && client.takeHeard().hasPrefix("HTTP/1.1 503"))
    }

    @Test func `A target that takes over may be paused`() throws {
        let bench = try Self.bench()
        defer { bench.end() }
        bench.connecting = .fails(.connectionRefused)
        bench.worker.context.holds.set(.paused(max: .seconds(30)), for: "pair")
        let client = bench.client()
        client.say("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        bench.settle()
        #expect(serve(bench) == nil && bench.worker.context.holds.all["pair"]?.waiting == 1)
        bench.worker.context.holds.set(nil, for: "pair")
        bench.settle()
        #expect(isOfPair(serve(bench)) && client.takeHeard().hasPrefix("HTTP/1.1 204"))
        bench.worker.context.holds.set(.stopped(message: nil), for: "pair")
        client.say("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        bench.settle()
        #expect(client.takeHeard().hasPrefix("HTTP/1.1 503") && bench.log.lines.last?.cause == .targetStopped)
    }

    @Test func `Where no target has an endpoint left, the client gets the failure of the last`() throws {
        let bench = try Self.bench()
        defer { bench.end() }
        bench.concerned = nil
        bench.connecting = .fails(.connectionRefused)
        let client = bench.client()
        client.say("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        bench.settle()
        #expect(client.takeHeard().hasPrefix("HTTP/1.1 502"))
        #expect(bench.log.lines == [BenchLog.Line(status: 502, cause: .connectionRefused)])
    }

    @Test func `A part of a split is held by its own name and by the name that is split`() throws {
        var split = PoolDefinition(.name("pair"))
        split.split = [SplitItem(to: "pair", .weight(1)), SplitItem(to: "none", .weight(0))]
        let bench = try FaultBench(pools: [split])
        defer { bench.end() }
        let client = bench.client()
        client.say("GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n")
        bench.settle()
        #expect(isOfPair(serve(bench)) && client.takeHeard().hasPrefix("HTTP/1.1 204"))

        var other = PoolDefinition(.match("~^10\\.1\\.0\\.2$"))
        other.split = [SplitItem(to: "pair", .weight(1))]
        let second = try FaultBench(pools: [other])
        defer { second.end() }
        second.worker.context.holds.set(.paused(max: .seconds(9)), for: "10.1.0.2")
        second.worker.context.holds.set(.paused(max: .seconds(9)), for: "pair")
        let waiting = second.client()
        waiting.say("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        second.settle()
        second.worker.context.holds.set(nil, for: "10.1.0.2")
        second.settle()
        #expect(second.worker.context.holds.all["pair"]?.waiting == 1 && serve(second) == nil)
        second.worker.context.holds.set(nil, for: "pair")
        second.settle()
        #expect(isOfPair(serve(second)) && waiting.takeHeard().hasPrefix("HTTP/1.1 204"))
        #expect(second.worker.context.counters.requests == 1)
    }
}
