import Balancing
import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// What a tier publishes of its containers: who gets requests at those that believe it.
@Suite struct PublishedHealthTests {
    private static let host = "one.test"

    private static func address(_ last: UInt32, _ health: PublishedHealth?) -> NamedAddress {
        var address = StagesBench.address(last, identity: "tier\(last)")
        address.health = health
        return address
    }

    private func turns(_ bench: StagesBench) throws -> Set<UInt8?> {
        Set(try (0..<12).map { _ in try bench.pick(Self.host) })
    }

    @Test
    func `A name that is down at one host is served by the others; where it is down at all, it is tried`()
        throws
    {
        let bench = try StagesBench(names: ["one": [Self.address(1, .up), Self.address(2, .down)]])
        #expect(try turns(bench) == [1])
        bench.install(["one": [Self.address(1, .down), Self.address(2, .down)]], changed: ["one"])
        #expect(try turns(bench) == [1, 2])
        bench.install(["one": [Self.address(1, nil), Self.address(2, .up)]], changed: ["one"])
        #expect(try turns(bench) == [1, 2])
    }

    @Test func `A container that is down is not charged to its host, which serves its other names`() throws {
        let bench = try StagesBench(
            names: [
                "one": [Self.address(1, .down), Self.address(2, .up)], "two": [Self.address(1, .up)],
                "three": [Self.address(1, nil)],
            ]
        )
        #expect(try turns(bench) == [2])
        #expect(try bench.pick("two.test") == 1)
        #expect(try bench.pick("three.test") == 1)
        let member = try #require(try bench.resolved("two.test").pool).snapshot(now: .now()).members[0]
        #expect(member.endpoint.flags.isEmpty && member.endpoint.health.transitions.isEmpty)
    }

    /// A target with a pool whose endpoints have checks.
    private func pool(
        _ upstreams: Upstreams,
        _ shared: SharedTargets,
        _ addresses: [NamedAddress],
        _ change: (inout PoolDefinition) -> Void = { _ in }
    ) throws -> TargetPool {
        var definition = PoolDefinition(.match("~^one"))
        definition.settings.check = HealthCheck()
        change(&definition)
        let seeds = TargetPools.Seeds(usual: 0, pools: 0)
        let pool = TargetPool(TargetKey(Target(name: "one")), shared: shared, seeds: seeds)
        let choices = addresses.map { named in
            Resolution.Choice(endpoint: Endpoint(address: named.address, port: 80), named: named)
        }
        let resolution = Resolution(source: "test", choices: choices, prohibited: [], problem: nil, use: nil)
        pool.update(resolution, try PoolTable([definition]).pools[0], upstreams, now: .now())
        return pool
    }

    @Test func `What is published is not checked again, and what is not published is`() throws {
        let shared = SharedTargets()
        let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60), shared: shared.endpoints)
        let pool = try pool(
            upstreams,
            shared,
            [Self.address(1, .up), Self.address(2, .down), Self.address(3, nil)]
        )
        let members = pool.snapshot(now: .now()).members
        #expect(members.map { $0.endpoint.check != nil } == [false, false, true])
        #expect(shared.endpoints.checked.count == 1)
    }

    @Test func `Where all are down a pool may refuse; a client that stays with one goes to another`() throws {
        let shared = SharedTargets { _, text in Array(text.suffix(16)) }
        let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60), shared: shared.endpoints)
        let sticky = StickySettings(.header("X-Server"), secret: Array("secret".utf8))
        let both = try pool(upstreams, shared, [Self.address(1, .up), Self.address(2, .up)]) {
            $0.settings.sticky = sticky
        }
        let second = upstreams.upstream(
            Endpoint(address: Self.address(2, nil).address, port: 80),
            identity: "tier2",
            pool: "~^one"
        )
        var route = RequestRoute()
        route.stickyToken = try #require(both.stickyField(route, to: second)).value
        #expect(try both.pick(route, excluding: AttemptedUpstreams(), now: .now()) === second)
        let one = try pool(upstreams, shared, [Self.address(1, .up), Self.address(2, .down)]) {
            $0.settings.sticky = sticky
        }
        #expect(try one.pick(route, excluding: AttemptedUpstreams(), now: .now()).lastByte == 1)
        #expect(
            one.snapshot(now: .now()).next
                == .endpoint(Endpoint(address: Self.address(1, nil).address, port: 80))
        )
        let none = try pool(upstreams, shared, [Self.address(1, .down)]) { $0.settings.allDown = .refuse }
        #expect(throws: Failure(.endpointsDown)) {
            try none.pick(RequestRoute(), excluding: AttemptedUpstreams(), now: .now())
        }
    }
}
