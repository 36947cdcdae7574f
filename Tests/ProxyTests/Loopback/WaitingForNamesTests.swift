import Names
import NIOCore
import NIOEmbedded
import Routing
import NIOConcurrencyHelpers
import TestSupport
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// A name source that says what a test wants, when it wants.
private final class HeldAsker: NameResolver {
    private struct State {
        var open: [(name: String, done: @Sendable (NameLookup) -> Void)] = []
        var asked: [String] = []
    }

    private let state = NIOLockedValueBox(State())
    private let news: AsyncStream<String>
    private let tell: AsyncStream<String>.Continuation

    init() {
        (news, tell) = AsyncStream.makeStream(of: String.self)
    }

    var asked: [String] { state.withLockedValue { $0.asked } }

    func resolve(
        _ name: String,
        for waiter: ObjectIdentifier,
        completion: @escaping @Sendable (NameLookup) -> Void
    ) {
        state.withLockedValue {
            $0.open.append((name, completion))
            $0.asked.append(name)
        }
        tell.yield(name)
    }

    func abandon(_ name: String, for waiter: ObjectIdentifier) {}

    /// Waits until `name` is asked for.
    func wait(for name: String) async {
        for await asked in news where asked == name { break }
    }

    func answer(_ name: String, _ lookup: NameLookup) {
        let done = state.withLockedValue { state in
            defer { state.open.removeAll { $0.name == name } }
            return state.open.filter { $0.name == name }
        }
        for (_, done) in done { done(lookup) }
    }

    func answer(_ name: String, port: UInt16, identity: String? = nil) {
        answer(name, .known(Self.known(port, identity)))
    }

    static func known(_ port: UInt16, _ identity: String? = nil) -> ResolvedName {
        ResolvedName(source: "dns", addresses: [address(port, identity)], use: nil)
    }

    static func address(_ port: UInt16, _ identity: String? = nil) -> NamedAddress {
        NamedAddress(address: IPAddress(v4: 0x7F00_0001), port: port, identity: identity)
    }
}

@Suite(.timeLimit(.minutes(4)))
struct WaitingForNamesTests {
    private static let rules = [
        RuleDefinition(name: "all", host: "~^(?<name>[a-z]+)\\.test$", action: .forward(to: "$name"))
    ]

    /// A machine that is busy with other tests may take its time to answer.
    private static let patient: @Sendable (inout TierSettings) -> Void = {
        $0.timeouts.resolve = .seconds(600)
    }

    private static func get(_ host: String) -> String { "GET / HTTP/1.1\r\nHost: \(host).test\r\n\r\n" }

    @Test func `Requests for an unknown name wait; it is queried once, and all are served`() async throws {
        let asker = HeldAsker()
        let origin = try ScriptedOrigin.echoingHeads()
        try await TestTier.run(
            rules: Self.rules,
            names: ["warm": [origin.port]],
            asker: asker,
            configure: Self.patient
        ) { tier in
            let clients = try (0..<5).map { _ in try tier.connect() }
            for client in clients { try client.write(Self.get("cold")) }
            await asker.wait(for: "cold")
            // Another name is served meanwhile; its answer comes behind the five heads.
            let other = try tier.connect()
            try other.write(Self.get("warm"))
            #expect(try other.readResponse().head.hasPrefix("HTTP/1.1 200 "))
            asker.answer("cold", port: origin.port)
            for client in clients { #expect(try client.readResponse().head.hasPrefix("HTTP/1.1 200 ")) }
            #expect(asker.asked.allSatisfy { $0 == "cold" })
        }
    }

    @Test func `A body that is sent meanwhile arrives whole`() async throws {
        let asker = HeldAsker()
        let body = String(repeating: "b", count: 200_000)
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            let count = try connection.read(exactly: body.utf8.count).count
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\(count)")
        }
        try await TestTier.run(rules: Self.rules, asker: asker, configure: Self.patient) { tier in
            let client = try tier.connect()
            try client.write(
                "POST / HTTP/1.1\r\nHost: cold.test\r\nContent-Length: 200000\r\n\r\n" + body.prefix(9000)
            )
            await asker.wait(for: "cold")
            asker.answer("cold", port: origin.port)
            try client.write(String(body.dropFirst(9000)))
            #expect(try client.readResponse().body == "200000")
        }
    }

    @Test func `A name that cannot be found out: 502; one that nobody knows: 503`() async throws {
        let asker = HeldAsker()
        try await TestTier.run(rules: Self.rules, asker: asker, configure: Self.patient) { tier in
            let client = try tier.connect()
            for (lookup, status, error) in [
                (NameLookup.failed(NameProblem(.unavailable, "SERVFAIL")), "502", "dns_error"),
                (.failed(NameProblem(.timeout, "late")), "504", "dns_timeout"),
                (.unknown, "503", "destination_unavailable"),
            ] {
                try client.write(Self.get("cold"))
                await asker.wait(for: "cold")
                asker.answer("cold", lookup)
                let head = try client.readResponse().head
                #expect(head.hasPrefix("HTTP/1.1 \(status) ") && head.contains("error=\(error);"), "\(head)")
            }
        }
    }

    @Test func `Nobody waits for ever: 504 after timeouts.resolve`() async throws {
        let asker = HeldAsker()
        try await TestTier.run(
            rules: Self.rules,
            asker: asker,
            configure: { $0.timeouts.resolve = .milliseconds(1) }
        ) { tier in
            let client = try tier.connect()
            try client.write(Self.get("cold"))
            let head = try client.readResponse().head
            #expect(head.hasPrefix("HTTP/1.1 504 ") && head.contains("error=dns_timeout;"))
            // What is said too late finds nobody, and the next request is well.
            asker.answer("cold", port: 1)
            try client.write(Self.get("other"))
            #expect(try client.readResponse().head.hasPrefix("HTTP/1.1 504 "))
        }
    }

    @Test func `A client that goes away while its request waits leaves nothing behind`() async throws {
        let asker = HeldAsker()
        let origin = try ScriptedOrigin.echoingHeads()
        try await TestTier.run(rules: Self.rules, asker: asker, configure: Self.patient) { tier in
            let client = try tier.connect()
            try client.write(Self.get("cold"))
            await asker.wait(for: "cold")
            client.abandon()
            let entry = await tier.log.wait(for: 1).last
            #expect(entry?.cause == .downstreamClosed)
            asker.answer("cold", port: origin.port)
            let other = try tier.connect()
            try other.write(Self.get("next"))
            await asker.wait(for: "next")
            asker.answer("next", port: origin.port)
            #expect(try other.readResponse().head.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test
    func `What did not change keeps its connections; an address taken over gets a new one`() async throws {
        let asker = HeldAsker()
        let origin = try ScriptedOrigin { connection, number in
            while true {
                _ = try connection.readHead()
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            }
        }
        try await TestTier.run(rules: Self.rules, asker: asker, configure: Self.patient) { tier in
            let client = try tier.connect()
            func connection(_ host: String) throws -> String {
                try client.write(Self.get(host))
                return try client.readResponse().body
            }
            func install(_ a: String, _ b: String, changed: Set<String>?) async throws {
                let names = [
                    "a": [HeldAsker.address(origin.port, a)], "b": [HeldAsker.address(origin.port, b)],
                ]
                let table = NameTable(layers: [NameLayer(source: "containers", names: names)])
                tier.tier.install(names: NameTableUpdate(table: table, changed: changed))
                // A loop looks at its sockets before it takes what it was handed.
                for worker in tier.tier.workers { try await worker.loop.submit {}.get() }
            }
            try await install("a1", "b1", changed: nil)
            let a = try connection("a")
            let b = try connection("b")
            #expect(a != b, "one address, and two containers behind it, one after the other")
            try await install("a2", "b1", changed: ["a"])
            #expect(try connection("b") == b)
            let fresh = try connection("a")
            #expect(fresh != a && fresh != b)
            #expect(try connection("a") == fresh)
        }
    }

    @Test func `So many may wait on one loop; an exchange that has ended makes room`() throws {
        let pending = HeldResolver()
        let worker = try Self.worker(pending)
        let exchanges = try (0..<DataPathConstants.nameWaiters).map { index in
            try Self.exchange(worker, waitingFor: "n\(index % 2)")
        }
        #expect(pending.names.withLockedValue { $0 } == ["n0", "n1"])
        #expect(throws: Failure.self) { try Self.exchange(worker, waitingFor: "n0") }
        exchanges[0].detach()
        _ = try Self.exchange(worker, waitingFor: "n0")
    }

    private static let ends: [@Sendable (Exchange) -> Void] = [
        { $0.fail(Failure(.nameTimeout)) }, { $0.downstreamGone() }, { $0.detach() },
    ]

    @Test(arguments: ends)
    func `An exchange that has ended is not held until its name is resolved`(
        end: @Sendable (Exchange) -> Void
    ) throws {
        let worker = try Self.worker(HeldResolver())
        var exchange: Exchange? = try Self.exchange(worker, waitingFor: "cold")
        weak let held = exchange
        if let exchange { end(exchange) }
        exchange = nil
        #expect(held == nil)
    }

    @Test func `A name that no exchange waits for any longer is abandoned`() throws {
        let pending = HeldResolver()
        let worker = try Self.worker(pending)
        let exchanges = try (0..<3).map { try Self.exchange(worker, waitingFor: "n\($0 / 2)") }
        exchanges[0].detach()
        #expect(pending.abandoned.withLockedValue { $0 } == [], "another waits for n0")
        exchanges[1].downstreamGone()
        exchanges[2].fail(Failure(.nameTimeout))
        #expect(pending.abandoned.withLockedValue { $0 } == ["n0", "n1"])
        _ = try Self.exchange(worker, waitingFor: "n0")
        #expect(pending.names.withLockedValue { $0 } == ["n0", "n1", "n0"])
    }

    private static func worker(_ resolver: HeldResolver) throws -> Worker {
        Worker(
            loop: EmbeddedEventLoop(),
            settings: TierSettings(name: "front", instance: "test"),
            table: try RouteTable([]),
            resolver: TargetResolver(
                names: .empty,
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            nameResolver: resolver,
            log: nil,
            gate: ConnectionGate(Limits()),
            seed: 1
        )
    }

    private static func exchange(_ worker: Worker, waitingFor name: String) throws -> Exchange {
        let exchange = Exchange(context: worker.context)
        exchange.isActive = true
        exchange.facts.nameWait = try worker.context.names?.add(exchange, for: name)
        return exchange
    }

    /// Keeps every query open.
    private final class HeldResolver: NameResolver {
        let names = NIOLockedValueBox<[String]>([])
        let abandoned = NIOLockedValueBox<[String]>([])

        func resolve(
            _ name: String,
            for waiter: ObjectIdentifier,
            completion: @escaping @Sendable (NameLookup) -> Void
        ) {
            names.withLockedValue { $0.append(name) }
        }

        func abandon(_ name: String, for waiter: ObjectIdentifier) {
            abandoned.withLockedValue { $0.append(name) }
        }
    }
}
