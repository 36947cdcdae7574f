import Balancing
import NIOCore
import Routing
import Testing

@testable import Proxy
@testable import ProxyCore

/// What requests show of an endpoint after it was connected to.
@Suite struct EjectionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"

    /// The state of the first endpoint of the pair, whose failures count.
    private func shared(_ bench: FaultBench, maxFailures: Int = 1) -> SharedEndpoint {
        let upstream = bench.worker.context.upstreams.upstream(FaultBench.endpoint, identity: nil)
        var settings = EndpointSettings()
        settings.maxFailures = maxFailures
        upstream.shared.configure(settings, now: bench.loop.now)
        return upstream.shared
    }

    /// Sends a request; the first endpoint of the pair does `act`, the other responds. Then the client leaves.
    ///
    /// - Returns: whether it went to the first.
    @discardableResult
    private func request(_ bench: FaultBench, _ act: (FaultBench.Peer) -> Void) -> Bool {
        let client = bench.client()
        client.say(Self.get)
        bench.settle()
        var isFirst = false
        for peer in bench.upstreams where !peer.takeHeard().isEmpty {
            isFirst = peer.endpoint == FaultBench.endpoint
            if isFirst { act(peer) } else { serving(peer) }
        }
        bench.settle()
        client.wire.reset()
        bench.settle()
        return isFirst
    }

    private func failing(_ peer: FaultBench.Peer) { peer.say("junk\r\n\r\n") }
    private func serving(_ peer: FaultBench.Peer) { peer.say("HTTP/1.1 204 No Content\r\n\r\n") }

    @Test func `An endpoint that fails is left out, tried by one request, and back when that is served`()
        throws
    {
        let bench = try FaultBench()
        defer { bench.end() }
        let shared = shared(bench)
        while !request(bench, failing) {}
        #expect(shared.isAvoided)
        #expect(shared.health.transitions.map(\.detail) == ["invalid_response"])
        #expect(shared.health.transitions.allSatisfy { !$0.evidence.isEmpty })
        for _ in 0..<10 { #expect(!request(bench, failing)) }
        bench.pass(.seconds(10))
        #expect(shared.flags.contains(.trialDue))
        // The trial fails, the next one does not.
        while !request(bench, failing) {}
        for _ in 0..<10 { #expect(!request(bench, failing)) }
        bench.pass(.seconds(20))
        while !request(bench, serving) {}
        #expect(shared.health.state(now: MonotonicTime(bench.loop.now)) == .up)
        #expect((0..<10).count { _ in request(bench, serving) } == 5)
    }

    @Test func `A client that leaves is no failure of the endpoint, and no trial`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let shared = shared(bench)
        while !request(bench, { _ in }) {}
        #expect(!shared.isAvoided)
        while !request(bench, failing) {}
        bench.pass(.seconds(10))
        while !request(bench, { _ in }) {}
        bench.pass(.milliseconds(250))
        #expect(shared.flags.contains(.trialDue))
    }

    @Test func `A trial that is never sent leaves the next request its turn`() throws {
        var pool = PoolDefinition(.name("pair"))
        pool.settings.endpoint.maxFailures = 1
        let bench = try FaultBench(pools: [pool])
        defer { bench.end() }
        let upstreams = bench.worker.context.upstreams
        while !request(bench, failing) {}
        let shared = upstreams.upstream(FaultBench.endpoint, identity: nil, pool: "pair").shared
        #expect(shared.isAvoided)
        bench.pass(.seconds(10))
        for _ in 0..<4 {
            let client = bench.client()
            client.say("POST / HTTP/1.1\r\nHost: pair.test\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")
            bench.settle()
            #expect(client.heard.hasPrefix("HTTP/1.1 400 "))
        }
        #expect(shared.flags.contains(.trialDue) && shared.requestsInFlight == 0)
    }

    @Test func `Without settings an endpoint that fails goes on`() throws {
        let bench = try FaultBench()
        defer { bench.end() }
        #expect((0..<10).count { _ in request(bench, failing) } == 5)
    }
}
