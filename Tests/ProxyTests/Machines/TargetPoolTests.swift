import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// An idle connection.
private final class Carrier: ExchangeUpstream {
    let upstream: Upstream
    var idleSince = NIODeadline.uptimeNanoseconds(0)
    var isUsable = true
    var hasNoPendingInput: Bool { true }

    init(_ upstream: Upstream) { self.upstream = upstream }

    var isReusable: Bool { true }
    var hasUnsentRequest: Bool { false }
    var isWritable: Bool { true }
    func send(_ request: ByteBuffer, for exchange: Exchange) {}
    func sendBody(_ bytes: ByteBuffer) {}
    func flush() {}
    func resumeReading() {}
    func hasProgressed() -> Bool { false }
    func cancel() {}
    func close() { isUsable = false }
}

@Suite struct TargetPoolTests {
    private static let first = StagesBench.address(1)
    private static let second = StagesBench.address(2)
    private static let third = StagesBench.address(3)
    private static let hosts = ["one.test", "one.test", "one.test", "one.test", "one.test", "one.test"]

    /// The endpoints that six requests in turn go to.
    private static func turns(_ bench: StagesBench) throws -> [UInt8?] {
        try hosts.map { host throws in try bench.pick(host) }
    }

    @Test func `A command about one name sees no other target`() throws {
        let bench = try StagesBench(names: ["one": [Self.first], "two": [Self.second]])
        for host in ["one.test", "two.test"] { _ = try bench.resolved(host) }
        #expect(Set(bench.stages.targetSnapshots().map(\.name)) == ["one", "two"])
        #expect(bench.stages.targetSnapshots(of: "ONE").map(\.name) == ["one"])
        #expect(bench.stages.targetSnapshots(of: "none").isEmpty)
    }

    @Test(arguments: [["one"], nil, ["other"]] as [Set<String>?])
    func `An endpoint that stays keeps its idle connections and its turn when names change`(
        changed: Set<String>?
    ) throws {
        let names = ["one": [Self.first, Self.second, Self.third]]
        let bench = try StagesBench(names: names)
        let before = try bench.resolved("one.test")
        let untouched = try Self.turns(bench)
        var route = before
        let upstream = try bench.stages.pick(&route)
        let idle = Carrier(upstream)
        upstream.checkIn(idle, now: .now(), limit: 8)

        bench.install(names, changed: changed)
        let next = try Self.turns(bench)
        #expect(next == untouched.map { $0.map { $0 % 3 + 1 } })
        let after = try bench.resolved("one.test")
        #expect(after.pool === before.pool)
        #expect(bench.upstreams.upstream(upstream.endpoint, identity: nil).checkOut(probing: true) === idle)
    }

    @Test func `Weighted turns go on where they were, although another endpoint came`() throws {
        let first = StagesBench.address(1, weight: 3)
        let second = StagesBench.address(2, weight: 1)
        let bench = try StagesBench(names: ["one": [first, second]])
        // The state of the turns depends on the seed: go on until the second has had its turn.
        while try bench.pick("one.test") != 2 {}
        bench.install(["one": [first, second, StagesBench.address(3, weight: 0)]], changed: ["one"])
        #expect(try (0..<4).map { _ in try bench.pick("one.test") } == [1, 1, 1, 2])
    }

    @Test func `Rules that are loaded again keep the pool of a target that is still the same`() throws {
        let names = ["one": [Self.first, Self.second]]
        let bench = try StagesBench(names: names)
        let before = try bench.resolved("one.test")
        let turn = try bench.pick("one.test")
        let other = RuleDefinition(name: "new", host: "~^(?<name>one)\\.test$", action: .forward(to: "$name"))
        bench.stages.install(
            table: try RouteTable([other]),
            settings: bench.stages.settings,
            names: StagesBench.table(names)
        )
        let after = try bench.resolved("one.test")
        #expect(after.decision !== before.decision)
        #expect(after.pool === before.pool)
        #expect(try bench.pick("one.test") != turn)
    }

    @Test func `A request that is under way picks among the endpoints of now`() throws {
        let bench = try StagesBench(names: ["one": [Self.first]])
        var route = try bench.resolved("one.test")
        let upstream = try bench.stages.pick(&route)
        #expect(bench.stages.isCurrent(upstream, route))
        bench.install(["one": [Self.second]], changed: ["one"])
        #expect(!bench.stages.isCurrent(upstream, route))
        #expect(try bench.stages.pick(&route).lastByte == 2)
        bench.install([:], changed: ["one"])
        #expect(throws: Failure(.unknownTarget)) { try bench.stages.pick(&route) }
        bench.install(["one": [Self.first]], changed: ["one"])
        #expect(try bench.stages.pick(&route).lastByte == 1)
    }

    @Test func `What another container has taken over is another upstream`() throws {
        let bench = try StagesBench(names: ["one": [StagesBench.address(1, identity: "a")]])
        var route = try bench.resolved("one.test")
        let upstream = try bench.stages.pick(&route)
        bench.install(["one": [StagesBench.address(1, identity: "b")]], changed: ["one"])
        #expect(!bench.stages.isCurrent(upstream, route))
        #expect(try bench.stages.pick(&route) !== upstream)
    }

    @Test func `An endpoint that was tried is not picked again; when none is left that is an error`() throws {
        let bench = try StagesBench(names: ["one": [Self.first, Self.second, Self.third]])
        for _ in 0..<10 {
            var route = try bench.resolved("one.test")
            var attempted = AttemptedUpstreams()
            var seen: Set<UInt8?> = []
            for count in 0..<3 {
                #expect(attempted.count == count)
                let upstream = try bench.stages.pick(&route, excluding: attempted)
                seen.insert(upstream.lastByte)
                attempted.insert(upstream)
            }
            #expect(seen == [1, 2, 3])
            #expect(throws: Failure(.connectFailed)) {
                try bench.stages.pick(&route, excluding: attempted)
            }
        }
    }

    @Test func `A dead endpoint's turns are shared by the others alike`() throws {
        let bench = try StagesBench(names: ["one": [Self.first, Self.second, Self.third]])
        var counts: [UInt8: Int] = [:]
        for _ in 0..<600 {
            var route = try bench.resolved("one.test")
            var attempted = AttemptedUpstreams()
            var upstream = try bench.stages.pick(&route)
            if upstream.lastByte == 2 {
                attempted.insert(upstream)
                upstream = try bench.stages.pick(&route, excluding: attempted)
            }
            if let last = upstream.lastByte { counts[last, default: 0] += 1 }
        }
        #expect(counts == [1: 300, 3: 300])
    }

    @Test func `Targets that are out of use are forgotten, those that something refers to are not`() throws {
        let bench = try StagesBench(
            [
                // The path decides: such a decision is not cached.
                RuleDefinition(
                    name: "path",
                    host: "~^(?<name>[a-z]+)\\.test$",
                    path: "/x",
                    action: .forward(to: "$name")
                ),
                StagesBench.byName,
            ],
            names: ["one": [Self.first], "two": [Self.second]]
        )
        var now = NIODeadline.uptimeNanoseconds(0)
        func wait() {
            bench.stages.tick(now: now)
            now = now + .seconds(60)
        }
        wait()
        let held = try bench.resolved("one.test")
        _ = try bench.pick("two.test")
        wait()
        #expect(bench.stages.targets.count == 2)
        wait()
        wait()
        #expect(bench.stages.targets.count == 1)
        #expect(try bench.resolved("one.test").pool === held.pool)
    }

    @Test func `A target that nothing knows is not kept`() throws {
        let bench = try StagesBench(names: [:])
        #expect(throws: Failure(.unknownTarget)) { try bench.pick("one.test") }
        #expect(bench.stages.targets.count == 0)
        bench.install(["one": [Self.first]], changed: ["one"])
        #expect(try bench.pick("one.test") == 1)
    }

    @Test func `Without memory equal requests go to the same endpoint, the first that has a turn`() throws {
        let bench = try StagesBench(
            names: ["one": [StagesBench.address(1, weight: 0), Self.second, Self.third]],
            keeps: false
        )
        #expect(try (0..<3).map { _ in try bench.pick("one.test") } == [2, 2, 2])
        #expect(bench.stages.targets.count == 0)
    }
}
