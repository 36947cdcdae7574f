import Balancing
import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// What an operator sets of an endpoint, and who gets requests then.
@Suite struct OperatorStateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let shared = SharedTargets { _, text in Array(text.suffix(16)) }
    private let upstreams: Upstreams
    private let key = TargetKey(Target(name: "api"))

    init() {
        upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60), shared: shared.endpoints)
    }

    private static func endpoint(_ last: UInt32) -> Endpoint {
        Endpoint(address: IPAddress(v4: 0x0A01_0000 + last), port: 80)
    }

    private func settings(_ change: (inout PoolDefinition) -> Void = { _ in }) throws -> Pool {
        var definition = PoolDefinition(.name("api"))
        definition.settings.sticky = StickySettings(.header("X-Server"), secret: Array("secret".utf8))
        change(&definition)
        return try PoolTable([definition]).pools[0]
    }

    /// A target with three endpoints.
    private func target(_ settings: Pool?) -> TargetPool {
        let pool = TargetPool(key, shared: shared, seeds: TargetPools.Seeds(usual: 0, pools: 0))
        update(pool, settings)
        return pool
    }

    private func update(_ pool: TargetPool, _ settings: Pool?) {
        let choices = (1...3).map { last in
            Resolution.Choice(
                endpoint: Self.endpoint(last),
                named: NamedAddress(address: Self.endpoint(last).address)
            )
        }
        let resolution = Resolution(
            source: "test",
            choices: choices,
            prohibited: [],
            problem: nil,
            use: nil
        )
        pool.update(resolution, settings, upstreams, now: start)
    }

    private func member(_ last: UInt32, of pool: TargetPool) throws -> SharedEndpoint {
        let members = pool.snapshot(now: start).members
        return try #require(members.first { $0.endpoint.endpoint == Self.endpoint(last) }).endpoint
    }

    private func turns(
        _ pool: TargetPool,
        token: [UInt8] = [],
        count: Int = 6
    ) throws -> [UInt8?] {
        var route = RequestRoute()
        route.stickyToken = token
        return try (0..<count).map { _ in
            try pool.pick(route, excluding: AttemptedUpstreams(), now: start).lastByte
        }
    }

    @Test(arguments: [true, false], [EndpointSettings.AdministrativeState.down, .drain])
    func `An endpoint that is down or drains gets no request from the moment on in which it is set`(
        hasPool: Bool,
        state: EndpointSettings.AdministrativeState
    ) throws {
        let pool = target(hasPool ? try settings() : nil)
        #expect(try Set(turns(pool)) == [1, 2, 3])
        let second = try member(2, of: pool)
        second.set(state, now: start)
        // No loop has been told.
        #expect(try Set(turns(pool)) == [1, 3])
        pool.stateChanged(of: second)
        let turns = try turns(pool)
        #expect(turns == [1, 3, 1, 3, 1, 3] || turns == [3, 1, 3, 1, 3, 1])
        #expect(
            pool.hasOther(than: upstreams.upstream(Self.endpoint(1), identity: nil), AttemptedUpstreams())
        )
        second.set(.up, now: start)
        pool.stateChanged(of: second)
        #expect(try Set(self.turns(pool)) == [1, 2, 3])
    }

    @Test(arguments: [BalancingMethod.leastConnections, .random(two: true), .leastTime(.header), .maglev])
    func `No method picks an endpoint that drains, and none tries it where all others are avoided`(
        method: BalancingMethod
    ) throws {
        let settings = try settings {
            $0.settings.method = method
            $0.hashKey = method.usesKey ? "${uri}" : nil
        }
        let pool = target(settings)
        try member(2, of: pool).set(.drain, now: start)
        #expect(try !turns(pool, count: 30).contains(2))
        for last in [1, 3] as [UInt32] {
            let other = try member(last, of: pool)
            other.connecting(now: start)
            other.connectFailed(now: start)
        }
        #expect(try !turns(pool, count: 30).contains(2))
    }

    @Test func `What is bound to an endpoint still goes there while it drains, and not when it is down`()
        throws
    {
        let pool = target(try settings())
        let upstream = upstreams.upstream(Self.endpoint(2), identity: nil, pool: "api")
        let token = try #require(pool.stickyField(RequestRoute(), to: upstream)).value
        let second = try member(2, of: pool)
        second.set(.drain, now: start)
        pool.stateChanged(of: second)
        #expect(try turns(pool, token: token) == [2, 2, 2, 2, 2, 2])
        #expect(try !turns(pool).contains(2))
        second.set(.down, now: start)
        #expect(try !turns(pool, token: token).contains(2))
    }

    @Test func `Where all are down there is an error, whatever the pool does with endpoints that fail`()
        throws
    {
        let pool = target(try settings())
        for last in 1...3 as ClosedRange<UInt32> { try member(last, of: pool).set(.down, now: start) }
        #expect(throws: Failure(.endpointsDown)) { try turns(pool, count: 1) }
        #expect(pool.snapshot(now: start).next == .failure(Failure(.endpointsDown)))
    }

    @Test func `A state holds over updates, until the settings change it`() throws {
        let pool = target(try settings())
        try member(2, of: pool).set(.down, now: start)
        update(pool, try settings { $0.settings.method = .leastConnections })
        #expect(try !turns(pool).contains(2))
        #expect(try member(2, of: pool).health.isSetByOperator)
        update(pool, try settings { $0.settings.endpoint.administrativeState = .drain })
        #expect(try member(2, of: pool).health.administrativeState == .drain)
        #expect(try !member(2, of: pool).health.isSetByOperator)
    }

    @Test func `An operator may set an endpoint up that the settings have down`() throws {
        let down = try settings {
            var settings = EndpointSettings()
            settings.administrativeState = .down
            $0.endpoints = [
                PoolEndpoint(Self.endpoint(1)), PoolEndpoint(Self.endpoint(2), settings: settings),
                PoolEndpoint(Self.endpoint(3)),
            ]
        }
        let pool = target(down)
        #expect(try !turns(pool).contains(2))
        let second = try member(2, of: pool)
        second.set(.up, now: start)
        pool.stateChanged(of: second)
        #expect(try Set(turns(pool)) == [1, 2, 3])
        update(pool, down)
        #expect(try Set(turns(pool)) == [1, 2, 3])
    }

    @Test func `A state is kept while no loop uses the endpoint, and forgotten when it is none any longer`() {
        let endpoints = SharedEndpoints()
        endpoints.endpoint(Self.endpoint(1), identity: nil).set(.drain, now: start)
        #expect(endpoints.count == 1)
        let again = endpoints.endpoint(Self.endpoint(1), identity: nil)
        #expect(again.flags.contains(.drains))
        again.set(.up, now: start)
        #expect(again.flags.isEmpty)
        endpoints.endpoint(Self.endpoint(2), identity: nil).set(.down, now: start)
        endpoints.endpoint(Self.endpoint(2), identity: nil).set(.up, now: start)
        withExtendedLifetime(again) { #expect(endpoints.count == 1) }
    }

    @Test func `A preview takes no turn`() throws {
        let pool = target(try settings())
        for _ in 0..<6 {
            let next = pool.snapshot(now: start).next
            #expect(pool.snapshot(now: start).next == next)
            let upstream = try pool.pick(RequestRoute(), excluding: AttemptedUpstreams(), now: start)
            #expect(next == .endpoint(upstream.endpoint))
        }
    }
}
