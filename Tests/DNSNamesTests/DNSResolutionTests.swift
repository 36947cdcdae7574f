import Names
import Routing
import Testing

@testable import DNSNames

@Suite struct DNSResolutionTests {
    private static func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(v4: 0) }

    private static func addresses(_ texts: String..., ttl: UInt32 = 30) -> DNSAnswer {
        DNSAnswer(addresses: texts.map(address), ttl: ttl)
    }

    /// Answers every question from `zone` until there is a reply; what was asked in order.
    private func run(
        _ name: String,
        _ plan: DNSSearchPolicy = DNSSearchPolicy(),
        zone: [DNSQuestion: DNSAnswer] = [:],
        failing: [DNSQuestion: NameProblem] = [:],
        unusable: Set<IPAddress> = []
    ) -> (reply: NameQueryResult?, asked: [DNSQuestion]) {
        var resolution = DNSResolution(name, plan) { !unusable.contains($0) }
        var asked: [DNSQuestion] = []
        var steps = [resolution.begin()]
        while !steps.isEmpty {
            switch steps.removeFirst() {
            case .done(let reply): return (reply, asked)
            case .query(let questions):
                for question in questions {
                    asked.append(question)
                    let result: Result<DNSAnswer, NameProblem> =
                        failing[question].map { .failure($0) }
                        ?? .success(zone[question] ?? DNSAnswer(ttl: 9))
                    steps.append(resolution.receive(result, for: question))
                }
            }
            if asked.count > 1000 { break }
        }
        return (nil, asked)
    }

    private func texts(_ reply: NameQueryResult?) -> [String] {
        guard case .addresses(let addresses, _)? = reply else { return [] }
        return addresses.map { "\($0.address):\($0.port ?? 0)*\($0.weight)" }
    }

    @Test func `Both families are asked for and come in turns, IPv6 first, with the shorter TTL`() {
        let (reply, asked) = run(
            "a",
            zone: [
                DNSQuestion("a", .a): Self.addresses("10.0.0.1", "10.0.0.2", ttl: 20),
                DNSQuestion("a", .aaaa): Self.addresses("fd00::1", ttl: 50),
            ]
        )
        #expect(Set(asked) == [DNSQuestion("a", .a), DNSQuestion("a", .aaaa)])
        #expect(texts(reply) == ["fd00::1:0*1", "10.0.0.1:0*1", "10.0.0.2:0*1"])
        guard case .addresses(_, let ttl)? = reply else { return }
        #expect(ttl == .seconds(20))
    }

    @Test func `Addresses that the machine has no way to are left out, unless there are no others`() {
        let zone = [
            DNSQuestion("a", .a): Self.addresses("10.0.0.1"),
            DNSQuestion("a", .aaaa): Self.addresses("fd00::1"),
        ]
        #expect(texts(run("a", zone: zone, unusable: [Self.address("fd00::1")]).reply) == ["10.0.0.1:0*1"])
        let both: Set = [Self.address("fd00::1"), Self.address("10.0.0.1")]
        #expect(texts(run("a", zone: zone, unusable: both).reply).count == 2)
    }

    @Test func `The search list comes first for a name without a dot, and last for one with`() {
        let plan = DNSSearchPolicy(search: ["test.priv", "priv"])
        #expect(run("a", plan).asked.filter { $0.kind == .a }.map(\.name) == ["a.test.priv", "a.priv", "a"])
        #expect(
            run("a.b", plan).asked.filter { $0.kind == .a }.map(\.name) == [
                "a.b", "a.b.test.priv", "a.b.priv",
            ]
        )
        let found = run("a", plan, zone: [DNSQuestion("a.priv", .a): Self.addresses("10.0.0.1")])
        #expect(texts(found.reply) == ["10.0.0.1:0*1"] && !found.asked.contains { $0.name == "a" })
    }

    @Test func `That there is no such name is known for as long as was said, within the bounds`() {
        #expect(run("a").reply == NameQueryResult.none(ttl: .seconds(5)))
        #expect(run("a", DNSSearchPolicy(negativeTTL: 60)).reply == NameQueryResult.none(ttl: .seconds(9)))
    }

    @Test
    func `A failure ends the search: another name must not be taken for this one; half an answer is one`() {
        let plan = DNSSearchPolicy(search: ["test.priv"])
        let problem = NameProblem(.timeout, "late")
        let zone = [DNSQuestion("a", .a): Self.addresses("10.0.0.1")]
        let failed = run("a", plan, zone: zone, failing: [DNSQuestion("a.test.priv", .a): problem])
        #expect(failed.reply == .failed(problem))
        let half = run("a", zone: zone, failing: [DNSQuestion("a", .aaaa): problem])
        #expect(half.reply == .addresses([NamedAddress(address: Self.address("10.0.0.1"))], ttl: .seconds(5)))
    }

    @Test func `A service gives ports and weights; hosts of later priorities are backups`() throws {
        let service = DNSQuestion("_http._tcp.a", .srv)
        let answer = DNSAnswer(
            services: [
                .init(priority: 2, weight: 9, port: 8082, host: "c3"),
                .init(priority: 1, weight: 3, port: 8080, host: "c1"),
                .init(priority: 1, weight: 0, port: 8081, host: "c2"),
                .init(priority: 7, weight: 5, port: 8083, host: "c4"),
                .init(priority: 0, weight: 1, port: 0, host: "none"),
            ],
            ttl: 10
        )
        let zone = [
            service: answer, DNSQuestion("c1", .a): Self.addresses("10.0.0.1"),
            DNSQuestion("c2", .a): Self.addresses("10.0.0.2"),
            DNSQuestion("c3", .a): Self.addresses("10.0.0.3"),
            DNSQuestion("c4", .a): Self.addresses("10.0.0.4"),
        ]
        let found = run("a", DNSSearchPolicy(service: "_http._tcp"), zone: zone)
        // A third priority comes after the second: weight 0 gets requests where no other backup can be picked.
        #expect(
            texts(found.reply)
                == ["10.0.0.1:8080*3", "10.0.0.2:8081*1", "10.0.0.3:8082*9", "10.0.0.4:8083*0"]
        )
        guard case .addresses(let addresses, let ttl) = try #require(found.reply) else {
            return #expect(Bool(false))
        }
        #expect(addresses.map(\.isBackup) == [false, false, true, true])
        #expect(ttl == .seconds(10))
    }

    @Test func `Without a service's record the name's own addresses count; a service of '.' is none`() {
        let plan = DNSSearchPolicy(service: "_http._tcp")
        let zone = [DNSQuestion("a", .a): Self.addresses("10.0.0.1")]
        #expect(texts(run("a", plan, zone: zone).reply) == ["10.0.0.1:0*1"])
        var withdrawn = zone
        withdrawn[DNSQuestion("_http._tcp.a", .srv)] = DNSAnswer(
            services: [.init(priority: 0, weight: 0, port: 0, host: "")],
            ttl: 60
        )
        #expect(run("a", plan, zone: withdrawn).reply == NameQueryResult.none(ttl: .seconds(5)))
    }

    @Test func `A service with very many hosts is asked about for a few of them`() {
        let services = (0..<1000).map { DNSAnswer.Service(priority: 0, weight: 1, port: 80, host: "c\($0)") }
        let zone = [DNSQuestion("_http._tcp.a", .srv): DNSAnswer(services: services, ttl: 60)]
        let asked = run("a", DNSSearchPolicy(service: "_http._tcp"), zone: zone).asked
        #expect(asked.count == 1 + 2 * DNSResolution.maxHosts)
    }

    @Test func `Very many addresses of very many hosts count with the first of them, each once`() {
        let four = DNSAnswer(addresses: (0..<1024).map { IPAddress(v4: 0x0A00_0000 + $0) }, ttl: 60)
        let services = (0..<16).map { DNSAnswer.Service(priority: 0, weight: 1, port: 80, host: "c\($0)") }
        var zone = [DNSQuestion("_http._tcp.a", .srv): DNSAnswer(services: services, ttl: 60)]
        for index in 0..<16 { zone[DNSQuestion("c\(index)", .a)] = four }
        let found = texts(run("a", DNSSearchPolicy(service: "_http._tcp"), zone: zone).reply)
        #expect(found.count == DNSResolution.maxAddresses)
        #expect(Set(found).count == found.count)
    }

    @Test func `The TTL is kept within its bounds`() {
        func ttl(_ ttl: UInt32) -> NameQueryResult? {
            run(
                "a",
                DNSSearchPolicy(ttl: 5...60),
                zone: [DNSQuestion("a", .a): Self.addresses("10.0.0.1", ttl: ttl)]
            )
            .reply
        }
        let address = [NamedAddress(address: Self.address("10.0.0.1"))]
        #expect(ttl(0) == .addresses(address, ttl: .seconds(5)))
        #expect(ttl(.max) == .addresses(address, ttl: .seconds(60)))
    }

    @Test func `A server that failed comes last for a while`() {
        var order = ServerOrder(count: 3)
        #expect(order.tries(attempts: 2, now: 0) == [0, 1, 2, 0, 1, 2])
        order.failed(0, now: 0)
        #expect(order.tries(attempts: 1, now: 1) == [1, 2, 0])
        #expect(order.tries(attempts: 1, now: ServerOrder.pause) == [0, 1, 2])
        order.failed(0, now: 0)
        order.responded(0)
        #expect(order.tries(attempts: 1, now: 1) == [0, 1, 2])
    }

    @Test func `A candidate that no server answers for says nothing of the others`() {
        let refusal = DNSAnswer(refusal: NameProblem(.unavailable, "REFUSED"))
        let bare = [DNSQuestion("a", .a): refusal, DNSQuestion("a", .aaaa): refusal]
        let plan = DNSSearchPolicy(search: ["test"])
        guard case .none? = run("a", plan, zone: bare).reply else {
            Issue.record("that there is no a.test was known")
            return
        }
        guard case .failed? = run("a", DNSSearchPolicy(), zone: bare).reply else {
            Issue.record("nobody has said that there is no a")
            return
        }
        // The name itself first, as it has a dot: refused, and found below.
        let found = run(
            "a.b",
            plan,
            zone: [
                DNSQuestion("a.b", .a): refusal, DNSQuestion("a.b", .aaaa): refusal,
                DNSQuestion("a.b.test", .a): Self.addresses("10.0.0.1"),
            ]
        )
        #expect(texts(found.reply) == ["10.0.0.1:0*1"])
    }
}
