import Balancing
import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// What name sources state of the endpoints of a target: who gets requests then.
@Suite struct SourceStateTests {
    private static let host = "one.test"

    private static func address(
        _ last: UInt32,
        weight: UInt16 = 1,
        _ change: (inout NamedAddress) -> Void = { _ in }
    ) -> NamedAddress {
        var address = StagesBench.address(last, weight: weight, identity: "c\(last)")
        change(&address)
        return address
    }

    /// The endpoints that so many requests in turn go to.
    private func turns(_ bench: StagesBench, count: Int = 12) throws -> Set<UInt8?> {
        Set(try (0..<count).map { _ in try bench.pick(Self.host) })
    }

    @Test(arguments: [EndpointSettings.AdministrativeState.down, .drain])
    func
        `A state of a source holds from its update on, and changes neither the endpoint nor what is known of it`(
            state: EndpointSettings.AdministrativeState
        ) throws
    {
        let bench = try StagesBench(names: ["one": [Self.address(1), Self.address(2)]])
        #expect(try turns(bench) == [1, 2])
        let route = try bench.resolved(Self.host)
        let pool = try #require(route.pool)
        let second = try #require(
            pool.snapshot(now: .now()).members.first { $0.endpoint.identity == "c2" }
        )
        second.endpoint.connecting(now: .now())
        second.endpoint.connectFailed(now: .now(), detail: "connection_refused")

        bench.install(["one": [Self.address(1), Self.address(2) { $0.state = state }]], changed: ["one"])
        #expect(try turns(bench) == [1])
        let after = try #require(try bench.resolved(Self.host).pool)
        #expect(after === pool)
        let kept = try #require(after.snapshot(now: .now()).members.last)
        #expect(kept.endpoint === second.endpoint && kept.sourceState == state)
        #expect(kept.endpoint.health.transitions.count == 1)
        // The endpoint itself is in no such state: another target may lead to it.
        #expect(kept.endpoint.health.administrativeState == .up)

        kept.endpoint.connecting(now: .now())
        kept.endpoint.connected(now: .now())
        bench.install(["one": [Self.address(1), Self.address(2)]], changed: ["one"])
        #expect(try turns(bench) == [1, 2])
    }

    @Test func `A state of one target is not one of another that leads to the same endpoint`() throws {
        let names = [
            "one": [Self.address(1), Self.address(2) { $0.state = .drain }],
            "two": [Self.address(2)],
        ]
        let bench = try StagesBench(names: names)
        #expect(try turns(bench) == [1])
        #expect(try bench.pick("two.test") == 2)
    }

    @Test func `Where each endpoint of a target is down or drains, there is an error`() throws {
        let names = ["one": [Self.address(1) { $0.state = .drain }, Self.address(2) { $0.state = .down }]]
        let bench = try StagesBench(names: names)
        #expect(throws: Failure(.endpointsDown)) { try bench.pick(Self.host) }
    }

    @Test func `A backup gets requests where no other can be picked, also without a pool`() throws {
        let backup = Self.address(2) { $0.isBackup = true }
        let bench = try StagesBench(names: ["one": [Self.address(1), backup]])
        #expect(try turns(bench) == [1])
        bench.install(["one": [Self.address(1) { $0.state = .down }, backup]], changed: ["one"])
        #expect(try turns(bench) == [2])
    }

    @Test func `What an operator sets counts before the source, which counts before the settings`() throws {
        let drained = ["one": [Self.address(1), Self.address(2) { $0.state = .drain }]]
        let bench = try StagesBench(names: drained)
        let pool = try #require(try bench.resolved(Self.host).pool)
        func second() throws -> SharedEndpoint {
            try #require(pool.snapshot(now: .now()).members.last).endpoint
        }
        #expect(try turns(bench) == [1])
        // Up, against the source.
        try second().set(.up, overridesSource: true, now: .now())
        bench.stages.stateChanged(of: try second())
        #expect(try turns(bench) == [1, 2])
        // What the source states later does not change it.
        bench.install(["one": [Self.address(1), Self.address(2) { $0.state = .down }]], changed: ["one"])
        #expect(try turns(bench) == [1, 2])
        try second().set(.down, now: .now())
        bench.install(["one": [Self.address(1), Self.address(2)]], changed: ["one"])
        #expect(try turns(bench) == [1])
        try second().set(.up, now: .now())
        bench.stages.stateChanged(of: try second())
        #expect(try turns(bench) == [1, 2])
        #expect(try !second().health.isSetByOperator)
    }

    @Test
    func `A pool takes states, backups and bounds of the source; its own endpoints are as it lists them`()
        throws
    {
        let shared = SharedTargets()
        let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60), shared: shared.endpoints)
        func pool(_ definition: PoolDefinition) throws -> TargetPool {
            let seeds = TargetPools.Seeds(usual: 0, pools: 0)
            let pool = TargetPool(TargetKey(Target(name: "one")), shared: shared, seeds: seeds)
            let addresses = [
                Self.address(1), Self.address(2) { $0.state = .drain },
                Self.address(3) {
                    $0.isBackup = true
                    $0.maxConnections = 2
                },
            ]
            let choices = addresses.map { named in
                Resolution.Choice(endpoint: Endpoint(address: named.address, port: 80), named: named)
            }
            let resolution = Resolution(
                source: "test",
                choices: choices,
                prohibited: [],
                problem: nil,
                use: nil
            )
            pool.update(resolution, try PoolTable([definition]).pools[0], upstreams, now: .now())
            return pool
        }
        let members = try pool(PoolDefinition(.match("~^one"))).snapshot(now: .now()).members
        #expect(members.map(\.sourceState) == [.up, .drain, .up])
        #expect(members.map(\.settings.isBackup) == [false, false, true])
        #expect(members.map(\.settings.maxConnections) == [nil, nil, 2])

        var own = PoolDefinition(.name("one"))
        own.endpoints = (1...3).map { last in
            PoolEndpoint(Endpoint(address: Self.address(last).address, port: 80))
        }
        let written = try pool(own).snapshot(now: .now()).members
        #expect(written.allSatisfy { $0.sourceState == .up && !$0.settings.isBackup })
    }
}
