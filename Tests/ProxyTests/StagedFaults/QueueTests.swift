import Balancing
import NIOCore
import Names
import Routing
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// Requests wait for a place at their target, and each gets one or an error response.
@Suite struct QueueTests {
    private static let request = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"
    private static let done = "HTTP/1.1 204 Done\r\n\r\n"

    private static func pool(
        requests: Int? = 1,
        connections: Int? = nil,
        size: Int = 2
    ) -> PoolDefinition {
        var pool = PoolDefinition(.name("pair"))
        pool.settings.maxRequests = requests
        pool.settings.endpoint.maxConnections = connections
        pool.settings.queue = QueueSettings()
        pool.settings.queue?.size = size
        return pool
    }

    private static func ask(_ bench: FaultBench, _ request: String = request) -> FaultBench.Peer {
        let client = bench.client()
        client.say(request)
        bench.settle()
        return client
    }

    /// The endpoint responds to the request that it has.
    private static func respond(_ bench: FaultBench, _ upstream: FaultBench.Peer?) {
        _ = upstream?.takeHeard()
        upstream?.say(done)
        bench.settle()
    }

    private static func counter(_ targets: SharedTargets) -> TargetCounter {
        targets.counters.counter(for: TargetKey(Target(name: "pair")))
    }

    @Test func `Requests that find no place wait in their order, and one too many is refused`() throws {
        let targets = SharedTargets()
        let bench = try FaultBench(pools: [Self.pool()], targets: targets)
        defer { bench.end() }
        let clients = (0..<4).map { _ in Self.ask(bench) }
        #expect(bench.upstreams.count == 1)
        #expect(
            clients[3].heard.hasPrefix("HTTP/1.1 503 ") && clients[3].heard.contains("Retry-After: 5\r\n")
        )
        #expect(bench.log.lines.map(\.cause) == [.targetLimit])
        for index in 0..<3 {
            #expect(clients[index].heard.isEmpty)
            let busy = bench.upstreams.first { $0.heard.hasPrefix("GET ") }
            Self.respond(bench, busy)
            #expect(clients[index].heard.hasPrefix("HTTP/1.1 204 "))
        }
        #expect(Self.counter(targets).requestCount == 0 && Self.counter(targets).waitingCount == 0)
    }

    @Test func `A request that waits for too long gets 503`() throws {
        let targets = SharedTargets()
        let bench = try FaultBench(pools: [Self.pool()], targets: targets) {
            $0.timeouts.upstream = .seconds(60)
        }
        defer { bench.end() }
        let running = Self.ask(bench)
        let waiting = Self.ask(bench)
        bench.pass(.milliseconds(4_500))
        #expect(waiting.heard.isEmpty)
        bench.pass(.seconds(1))
        #expect(waiting.heard.hasPrefix("HTTP/1.1 503 ") && waiting.heard.contains("Retry-After: 5\r\n"))
        #expect(bench.log.lines.last == BenchLog.Line(status: 503, cause: .queueTimeout))
        #expect(Self.counter(targets).waitingCount == 0 && running.heard.isEmpty)
        Self.respond(bench, bench.upstreams.first)
        #expect(Self.counter(targets).requestCount == 0)
    }

    @Test func `A client that leaves gives its position up`() throws {
        let targets = SharedTargets()
        let bench = try FaultBench(pools: [Self.pool()], targets: targets)
        defer { bench.end() }
        _ = Self.ask(bench)
        let leaving = Self.ask(bench)
        let staying = Self.ask(bench)
        leaving.wire.reset()
        bench.pass(.milliseconds(250))
        #expect(Self.counter(targets).waitingCount == 1)
        Self.respond(bench, bench.upstreams.first)
        Self.respond(bench, bench.upstreams.first { $0.heard.hasPrefix("GET ") })
        #expect(staying.heard.hasPrefix("HTTP/1.1 204 "))
        #expect(Self.counter(targets).requestCount == 0 && Self.counter(targets).waitingCount == 0)
    }

    @Test func `A new request does not come before those that wait`() throws {
        let bench = try FaultBench(pools: [Self.pool()])
        defer { bench.end() }
        let first = Self.ask(bench)
        let waiting = Self.ask(bench)
        // Both in one turn of the loop: the place, and another request.
        bench.upstreams[0].say(Self.done)
        let late = bench.client()
        late.say(Self.request)
        bench.settle()
        #expect(first.heard.hasPrefix("HTTP/1.1 204 ") && late.heard.isEmpty)
        Self.respond(bench, bench.upstreams.last)
        #expect(waiting.heard.hasPrefix("HTTP/1.1 204 ") && late.heard.isEmpty)
    }

    @Test func `A request waits for an endpoint with room, too`() throws {
        let bench = try FaultBench(pools: [Self.pool(requests: nil, connections: 1)])
        defer { bench.end() }
        let clients = (0..<3).map { _ in Self.ask(bench) }
        #expect(bench.upstreams.count == 2 && clients.allSatisfy { $0.heard.isEmpty })
        Self.respond(bench, bench.upstreams[1])
        #expect(bench.upstreams.count { $0.heard.hasPrefix("GET ") } == 2)
        for upstream in bench.upstreams where upstream.heard.hasPrefix("GET ") {
            Self.respond(bench, upstream)
        }
        #expect(clients.allSatisfy { $0.heard.hasPrefix("HTTP/1.1 204 ") })
    }

    @Test func `The body of a request that waits is not read, and arrives afterwards`() throws {
        let bench = try FaultBench(pools: [Self.pool()])
        defer { bench.end() }
        _ = Self.ask(bench)
        let size = 300_000
        let client = Self.ask(bench, "PUT / HTTP/1.1\r\nHost: pair.test\r\nContent-Length: \(size)\r\n\r\n")
        var sent = 0
        while sent < size, client.wire.room > 0 {
            let piece = min(client.wire.room, size - sent)
            client.say(String(repeating: "a", count: piece))
            sent += piece
            bench.settle()
        }
        #expect(sent < 2 * DataPathConstants.heldBytes)
        Self.respond(bench, bench.upstreams.first)
        while sent < size {
            let piece = min(client.wire.room, size - sent)
            client.say(String(repeating: "a", count: piece))
            sent += piece
            bench.settle()
        }
        let upstream = try #require(bench.upstreams.first { $0.heard.hasPrefix("PUT ") })
        #expect(upstream.heard.hasSuffix(String(repeating: "a", count: size)))
    }

    @Test func `A place that becomes free on one loop is for the first request on any`() throws {
        let targets = SharedTargets()
        let (here, there) = (
            try FaultBench(pools: [Self.pool()], targets: targets),
            try FaultBench(pools: [Self.pool()], targets: targets)
        )
        defer {
            here.end()
            there.end()
        }
        let first = Self.ask(here)
        let second = Self.ask(there)
        let third = Self.ask(here)
        #expect(Self.counter(targets).waitingCount == 2 && there.upstreams.isEmpty)
        Self.respond(here, here.upstreams.first)
        #expect(first.heard.hasPrefix("HTTP/1.1 204 ") && third.heard.isEmpty)
        there.settle()
        Self.respond(there, there.upstreams.first)
        #expect(second.heard.hasPrefix("HTTP/1.1 204 "))
        here.settle()
        Self.respond(here, here.upstreams.first { $0.heard.hasPrefix("GET ") })
        #expect(third.heard.hasPrefix("HTTP/1.1 204 "))
        #expect(Self.counter(targets).requestCount == 0 && Self.counter(targets).waitingCount == 0)
    }

    @Test func `A request that knew of a place and left passes it on`() throws {
        let targets = SharedTargets()
        let (here, there) = (
            try FaultBench(pools: [Self.pool()], targets: targets),
            try FaultBench(pools: [Self.pool()], targets: targets)
        )
        defer {
            here.end()
            there.end()
        }
        _ = Self.ask(here)
        let leaving = Self.ask(there)
        let staying = Self.ask(here)
        Self.respond(here, here.upstreams.first)
        // The other loop has the news, and handles the end of the client first.
        leaving.wire.reset()
        while leaving.transport.isReadable { leaving.transport.readable(1) }
        there.settle()
        here.settle()
        let next = here.upstreams.first { $0.heard.hasPrefix("GET ") }
        #expect(next != nil)
        Self.respond(here, next)
        #expect(staying.heard.hasPrefix("HTTP/1.1 204 "))
        #expect(Self.counter(targets).requestCount == 0 && Self.counter(targets).waitingCount == 0)
    }

    @Test func `A limit that is raised lets those that wait go on within a tick`() throws {
        let bench = try FaultBench(pools: [Self.pool()])
        defer { bench.end() }
        _ = Self.ask(bench)
        let waiting = Self.ask(bench)
        let table = try RouteTable(
            [RuleDefinition(name: "pair", host: "pair.test", action: .forward(to: "pair"))],
            pools: try PoolTable([Self.pool(requests: 2)])
        )
        let names = NameTable(layers: [NameLayer(source: "static", names: ["pair": FaultBench.pair])])
        bench.worker.install(table: table, settings: bench.worker.context.settings, names: names)
        bench.settle()
        bench.pass(DataPathConstants.tick)
        Self.respond(bench, bench.upstreams.last)
        #expect(waiting.heard.hasPrefix("HTTP/1.1 204 "))
    }

    @Test(arguments: 0..<20)
    func `Whatever happens, each request is served or refused once, and nothing is left`(seed: UInt64) throws
    {
        let targets = SharedTargets()
        var pool = Self.pool(requests: 3, connections: 2, size: 8)
        pool.settings.endpoint.maxFailures = 0
        let benches = [
            try FaultBench(pools: [pool], targets: targets), try FaultBench(pools: [pool], targets: targets),
        ]
        defer { for bench in benches { bench.end() } }
        var random = Random(seed: seed)
        var clients: [FaultBench.Peer] = []
        for _ in 0..<300 {
            let bench = benches[Int(random.next() % 2)]
            switch random.next() % 10 {
            case 0...4: clients.append(Self.ask(bench))
            case 5: clients.randomElement(using: &random)?.wire.reset()
            case 6: bench.upstreams.randomElement(using: &random)?.wire.close()
            case 7: bench.pass(.milliseconds(Int64(random.next() % 4) * 250))
            default:
                for upstream in bench.upstreams where upstream.heard.contains("GET ") {
                    Self.respond(bench, upstream)
                    break
                }
            }
            bench.settle()
            let count = Self.counter(targets).requestCount
            #expect((0...3).contains(count))
        }
        for _ in 0..<60 {
            for bench in benches {
                for upstream in bench.upstreams where upstream.heard.contains("GET ") {
                    Self.respond(bench, upstream)
                }
                bench.pass(.milliseconds(250))
            }
        }
        #expect(Self.counter(targets).requestCount == 0 && Self.counter(targets).waitingCount == 0)
        for client in clients {
            #expect(client.heard.ranges(of: "HTTP/1.1 ").count == 1 || client.wire.wasReset)
        }
    }
}
