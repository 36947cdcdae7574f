import Balancing
import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// When another target takes over.
@Suite struct FailoverTests {
    private static let one = [StagesBench.address(1)]
    private static let two = [StagesBench.address(2)]
    private static let three = [StagesBench.address(3)]

    private static func pool(
        _ selector: PoolDefinition.Selector,
        failover: String? = nil,
        _ change: (inout PoolDefinition) -> Void = { _ in }
    ) -> PoolDefinition {
        var pool = PoolDefinition(selector)
        pool.failover = failover
        change(&pool)
        return pool
    }

    /// The names of the targets that a request passes, and the last byte of the endpoint; nil: none has one.
    private static func way(_ bench: StagesBench, fields: String = "") throws -> ([String], UInt8?) {
        var route = RequestRoute()
        var untraced: RouteTrace?
        try bench.route("GET /k HTTP/1.1\r\nHost: one.test\r\n\(fields)\r\n", into: &route, trace: &untraced)
        var last: UInt8?
        while true {
            do throws(Failure) {
                _ = try bench.stages.resolve(&route)
                last = try bench.stages.pick(&route).lastByte
                break
            } catch {
                guard bench.stages.failOver(&route, after: error) else { break }
            }
        }
        let left = (route.choice?.failures ?? []).map(\.target)
        return (left + [route.usedTarget?.name ?? "one"], last)
    }

    /// An operator takes the first endpoint of a target out, or brings it back.
    private static func set(
        _ state: EndpointSettings.AdministrativeState,
        _ bench: StagesBench,
        _ name: String
    )
        throws
    {
        let target = try #require(bench.stages.targetSnapshots(of: nil).first { $0.name == name })
        target.members[0].endpoint.set(state, now: .now())
        bench.stages.stateChanged(of: target.members[0].endpoint)
    }

    @Test func `A name that nothing knows is left, and used again when it is known`() throws {
        let bench = try StagesBench(
            pools: [Self.pool(.name("one"), failover: "two")],
            names: ["two": Self.two]
        )
        #expect(try Self.way(bench) == (["one", "two"], 2))
        bench.install(["one": Self.one, "two": Self.two], changed: ["one"])
        #expect(try Self.way(bench) == (["one"], 1))
    }

    @Test func `A target whose endpoints are all down is left, and not tried all the same`() throws {
        let bench = try StagesBench(
            pools: [Self.pool(.name("one"), failover: "two")],
            names: ["one": Self.one, "two": Self.two]
        )
        #expect(try Self.way(bench) == (["one"], 1))
        try Self.set(.down, bench, "one")
        #expect(try Self.way(bench) == (["one", "two"], 2))
        try Self.set(.up, bench, "one")
        #expect(try Self.way(bench) == (["one"], 1))
        let shared = try #require(bench.stages.targetSnapshots(of: nil).first { $0.name == "one" }).members[0]
            .endpoint
        shared.connecting(now: .now())
        shared.connectFailed(now: .now(), detail: "connection_refused", evidence: "")
        #expect(shared.isAvoided)
        #expect(try Self.way(bench) == (["one", "two"], 2))
        // The last of them is.
        #expect(throws: Never.self) {
            let two = try #require(bench.stages.targetSnapshots(of: nil).first { $0.name == "two" }).members[
                0
            ]
            .endpoint
            two.connecting(now: .now())
            two.connectFailed(now: .now(), detail: "connection_refused", evidence: "")
            #expect(two.isAvoided)
        }
        #expect(try Self.way(bench) == (["one", "two"], 2))
    }

    @Test func `Checks of a target that is left go on, so that it comes back`() throws {
        let pool = Self.pool(.match("~^one$"), failover: "two") { $0.settings.check = HealthCheck() }
        let bench = try StagesBench(pools: [pool], names: ["one": Self.one, "two": Self.two])
        var now = NIODeadline.uptimeNanoseconds(1)
        bench.stages.tick(now: now)
        #expect(try Self.way(bench) == (["one"], 1))
        try Self.set(.down, bench, "one")
        let shared = try #require(bench.stages.targetSnapshots(of: nil).first { $0.name == "one" }).members[0]
            .endpoint
        for _ in 0..<3 {
            now = now + .seconds(60)
            bench.stages.tick(now: now)
            #expect(try Self.way(bench) == (["one", "two"], 2))
            #expect(shared.lastUse == now)
        }
    }

    @Test func `A target that is full is not left`() throws {
        let full = Self.pool(.name("one"), failover: "two") { $0.settings.endpoint.maxConnections = 1 }
        let bench = try StagesBench(pools: [full], names: ["one": Self.one, "two": Self.two])
        #expect(try Self.way(bench) == (["one"], 1))
        let target = try #require(bench.stages.targetSnapshots(of: nil).first { $0.name == "one" })
        #expect(target.members[0].endpoint.enter(limit: 1))
        #expect(try Self.way(bench) == (["one"], nil))
    }

    @Test func `Several targets take over one after another, and none twice`() throws {
        let pools = [
            Self.pool(.name("one"), failover: "two"), Self.pool(.name("two"), failover: "three"),
            Self.pool(.match("~^(three|four)$"), failover: "${target}"),
        ]
        #expect(throws: PoolTableError.self) { try StagesBench(pools: pools) }
        let bench = try StagesBench(
            pools: Array(pools.prefix(2)),
            names: ["three": Self.three]
        )
        #expect(try Self.way(bench) == (["one", "two", "three"], 3))
        bench.install([:], changed: nil)
        #expect(try Self.way(bench) == (["one", "two", "three"], nil))
    }

    @Test func `Names of templates that lead in a circle end`() throws {
        // one → xone → xxone …, and a ⇄ b.
        let grows = try StagesBench(pools: [Self.pool(.match("~."), failover: "x${target}")])
        #expect(try Self.way(grows) == (["one", "xone", "xxone", "xxxone", "xxxxone"], nil))
        let turns = try StagesBench(
            pools: [
                Self.pool(.match("~^(?<name>one)$"), failover: "a-$name"),
                Self.pool(.match("~^a-(?<name>.*)$"), failover: "$name"),
            ]
        )
        #expect(try Self.way(turns) == (["one", "a-one"], nil))
    }

    @Test func `The target that a pattern's targets fail over to is the last one`() throws {
        let pools = [Self.pool(.match("~^(one|two)$"), failover: "two")]
        let bench = try StagesBench(pools: pools, names: ["two": Self.two])
        #expect(try Self.way(bench) == (["one", "two"], 2))
    }

    @Test func `A part without an endpoint is left for its own failover, or that of the split`() throws {
        let split = Self.pool(.name("one"), failover: "three") {
            $0.split = [
                SplitItem(to: "a", .weight(1)), SplitItem(to: "b", .header("X-B", value: nil)),
            ]
        }
        let pools = [split, Self.pool(.name("b"), failover: "two")]
        let bench = try StagesBench(pools: pools, names: ["two": Self.two, "three": Self.three])
        #expect(try Self.way(bench) == (["a", "three"], 3))
        #expect(try Self.way(bench, fields: "X-B: 1\r\n") == (["b", "two"], 2))
        bench.install(["three": Self.three], changed: nil)
        #expect(try Self.way(bench, fields: "X-B: 1\r\n") == (["b", "two", "three"], 3))
    }

    @Test func `A target that takes over picks endpoints by its own key and its own token`() throws {
        let hash = Self.pool(.name("two")) { pool in
            pool.settings.method = .hash(consistent: true)
            pool.hashKey = "${header.x-user}"
        }
        let bench = try StagesBench(
            pools: [Self.pool(.name("one"), failover: "two"), hash],
            names: ["two": (1...9).map { StagesBench.address($0) }]
        )
        var seen: Set<UInt8?> = []
        for user in 0..<30 {
            let first = try Self.way(bench, fields: "X-User: \(user)\r\n")
            #expect(try Self.way(bench, fields: "X-User: \(user)\r\n") == first)
            seen.insert(first.1)
        }
        #expect(seen.count > 3)
    }

    @Test func `Another endpoint of the target comes before another target`() throws {
        let bench = try StagesBench(
            pools: [Self.pool(.name("one"), failover: "two")],
            names: ["one": [StagesBench.address(1), StagesBench.address(9)], "two": Self.two]
        )
        var route = try bench.resolved("one.test")
        var attempted = AttemptedUpstreams()
        let first = try bench.stages.pick(&route)
        attempted.insert(first)
        #expect(bench.stages.hasOther(than: first, AttemptedUpstreams(), route))
        let second = try bench.stages.pick(&route, excluding: attempted)
        #expect(Set([first.lastByte, second.lastByte]) == [1, 9])
        attempted.insert(second)
        // The other target's endpoint is known without a wait.
        #expect(bench.stages.hasOther(than: second, attempted, route))
        #expect(throws: Failure(.connectFailed)) {
            _ = try bench.stages.pick(&route, excluding: attempted)
        }
        #expect(bench.stages.failOver(&route, after: Failure(.connectFailed)))
        #expect(try bench.stages.resolve(&route) == nil)
        #expect(try bench.stages.pick(&route, excluding: attempted).lastByte == 2)
        #expect(!bench.stages.failOver(&route, after: Failure(.connectFailed)))
    }
}
