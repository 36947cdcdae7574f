import Balancing
import NIOCore
import Names
import Routing
import Testing

@testable import ProxyCore

/// Which part of a split gets a request.
@Suite struct TargetSplitTests {
    private static let names = [
        "one": [StagesBench.address(1)], "two": [StagesBench.address(2)], "three": [StagesBench.address(3)],
    ]

    private static func pools(
        _ items: [SplitItem],
        sticky: Bool = false,
        more: [PoolDefinition] = []
    ) -> [PoolDefinition] {
        var pool = PoolDefinition(.name("shop"))
        pool.split = items
        if sticky { pool.settings.sticky = StickySettings(.header("X-Part"), secret: Array("secret".utf8)) }
        return [pool] + more
    }

    private static func weights(_ one: UInt16, _ two: UInt16) -> [SplitItem] {
        [SplitItem(to: "one", .weight(one)), SplitItem(to: "two", .weight(two))]
    }

    private static func bench(_ pools: [PoolDefinition], names: [String: [NamedAddress]] = names) throws
        -> StagesBench
    {
        try StagesBench(
            pools: pools,
            names: names,
            shared: SharedTargets { key, text in
                // No signature, but one text for each.
                var hash = UInt64(14_695_981_039_346_656_037)
                for byte in key + text { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
                return (0..<32).map { UInt8(truncatingIfNeeded: hash >> UInt64($0 % 8 * 8)) ^ UInt8($0) }
            }
        )
    }

    private static func counts(_ bench: StagesBench, _ requests: Int) throws -> [UInt8: Int] {
        var counts: [UInt8: Int] = [:]
        for _ in 0..<requests {
            if let last = try bench.pick("shop.test") { counts[last, default: 0] += 1 }
        }
        return counts
    }

    private static func set(_ bench: StagesBench, _ items: [SplitItem], _ weights: [UInt16]) throws {
        let split = try #require(try PoolTable(pools(items)).pools[0].split)
        bench.stages.set(SplitWeights(split, weights: weights), ofSplit: "shop")
    }

    /// A request's part, and the token that its response gives the client.
    private static func assigned(_ bench: StagesBench, token: String = "") throws -> (UInt8?, String?) {
        var route = try bench.resolved("shop.test", fields: token.isEmpty ? "" : "X-Part: \(token)\r\n")
        let last = try bench.stages.pick(&route).lastByte
        return (last, route.choice?.assignment.map { String(decoding: $0.value, as: UTF8.self) })
    }

    @Test(arguments: [(10, 90), (1, 1), (0, 5), (1, 2)] as [(UInt16, UInt16)])
    func `Requests are split in exact proportion to the weights`(one: UInt16, two: UInt16) throws {
        let bench = try Self.bench(Self.pools(Self.weights(one, two)))
        let total = Int(one) + Int(two)
        for _ in 0..<3 {
            let counts = try Self.counts(bench, total)
            #expect(counts[1, default: 0] == Int(one) && counts[2, default: 0] == Int(two))
        }
    }

    @Test func `What a request was split to is known`() throws {
        let bench = try Self.bench(Self.pools(Self.weights(0, 1)))
        let route = try bench.resolved("shop.test")
        #expect(route.usedTarget == Target(name: "two"))
        let part = try #require(route.choice?.splitPart)
        #expect(part.name == "two" && part.why == "weight")
        #expect(part.parts.map(\.name) == ["one", "two"] && part.parts.map(\.weight) == [0, 1])
    }

    @Test func `Fields and cookies come before weights`() throws {
        let items =
            Self.weights(0, 1) + [
                SplitItem(to: "three", .header("X-Canary", value: "yes")),
                SplitItem(to: "one", .cookie("canary", value: nil)),
            ]
        let bench = try Self.bench(Self.pools(items))
        func last(_ fields: String) throws -> UInt8? {
            var route = try bench.resolved("shop.test", fields: fields)
            return try bench.stages.pick(&route).lastByte
        }
        #expect(try last("") == 2)
        #expect(try last("X-Canary: yes\r\n") == 3)
        #expect(try last("X-Canary: no\r\n") == 2)
        #expect(try last("Cookie: a=b; canary=1\r\n") == 1)
    }

    @Test func `New weights count from the next request on, by a reload and by a command`() throws {
        let bench = try Self.bench(Self.pools(Self.weights(90, 10)))
        #expect(try Self.counts(bench, 100) == [1: 90, 2: 10])
        try bench.install(pools: Self.pools(Self.weights(0, 100)), names: Self.names)
        #expect(try Self.counts(bench, 100) == [2: 100])
        try Self.set(bench, Self.weights(0, 100), [3, 1])
        #expect(try Self.counts(bench, 100) == [1: 75, 2: 25])
        #expect(bench.stages.splitSnapshots.map(\.isSet) == [true])
        bench.stages.set(nil, ofSplit: "shop")
        #expect(try Self.counts(bench, 100) == [2: 100])
    }

    @Test func `What an operator has set holds until the rule file changes the split`() throws {
        let bench = try Self.bench(Self.pools(Self.weights(90, 10)))
        try Self.set(bench, Self.weights(90, 10), [1, 0])
        #expect(try Self.counts(bench, 10) == [1: 10])
        let other = PoolDefinition(.name("other"))
        try bench.install(pools: Self.pools(Self.weights(90, 10), more: [other]), names: Self.names)
        #expect(try Self.counts(bench, 10) == [1: 10])
        try bench.install(pools: Self.pools(Self.weights(50, 50)), names: Self.names)
        #expect(try Self.counts(bench, 10) == [1: 5, 2: 5])
        // What was set for another split has no effect.
        try Self.set(bench, Self.weights(90, 10), [1, 0])
        #expect(try Self.counts(bench, 10) == [1: 5, 2: 5])
    }

    @Test func `What is shown after a reload is the new split, also before a request comes`() throws {
        let bench = try Self.bench(Self.pools(Self.weights(90, 10)))
        _ = try bench.pick("shop.test")
        try bench.install(pools: Self.pools(Self.weights(1, 9)), names: Self.names)
        let shown = try #require(bench.stages.splitSnapshots.first)
        #expect(bench.stages.splitSnapshots.count == 1 && shown.parts.map(\.weight) == [1, 9])
        #expect(shown.pool.split?.items == Self.weights(1, 9))
        // A command that follows counts.
        try Self.set(bench, Self.weights(1, 9), [1, 0])
        #expect(try Self.counts(bench, 10) == [1: 10])
        try bench.install(pools: [], names: Self.names)
        #expect(bench.stages.splitSnapshots.isEmpty)
    }

    @Test func `A client stays with its part when weights change, until its part has none`() throws {
        let bench = try Self.bench(Self.pools(Self.weights(1, 1), sticky: true))
        var tokens: [UInt8: String] = [:]
        for _ in 0..<2 {
            let (last, token) = try Self.assigned(bench)
            let given: String = try #require(token)
            tokens[try #require(last)] = given
        }
        #expect(tokens.count == 2)
        let (one, two) = (try #require(tokens[1]), try #require(tokens[2]))
        try bench.install(pools: Self.pools(Self.weights(1, 99), sticky: true), names: Self.names)
        for _ in 0..<20 { #expect(try Self.assigned(bench, token: one) == (1, nil)) }
        try Self.set(bench, Self.weights(1, 99), [0, 1])
        #expect(try Self.assigned(bench, token: one) == (2, two))
        // And back: its old token binds it again.
        try Self.set(bench, Self.weights(1, 99), [1, 0])
        #expect(try Self.assigned(bench, token: two) == (1, one))
    }

    @Test func `A forged token names no part, nor does the token of an endpoint`() throws {
        let bench = try Self.bench(Self.pools(Self.weights(0, 1), sticky: true))
        for token in [String(repeating: "0", count: 32), "two", "x"] {
            let (last, new) = try Self.assigned(bench, token: token)
            #expect(last == 2 && new?.utf8.count == 32)
        }
    }

    @Test func `A condition does not bind a client`() throws {
        let items = Self.weights(0, 1) + [SplitItem(to: "one", .header("X-Canary", value: nil))]
        let bench = try Self.bench(Self.pools(items, sticky: true))
        let route = try bench.resolved("shop.test", fields: "X-Canary: 1\r\n")
        #expect(route.usedTarget?.name == "one" && route.choice?.assignment == nil)
    }

    @Test func `A part may be the name that is split, and has the endpoints of name sources`() throws {
        let items = [SplitItem(to: "shop", .weight(3)), SplitItem(to: "two", .weight(1))]
        var names = Self.names
        names["shop"] = [StagesBench.address(9)]
        let bench = try Self.bench(Self.pools(items), names: names)
        #expect(try Self.counts(bench, 8) == [9: 6, 2: 2])
    }

    @Test func `Each target of a pattern has turns of its own`() throws {
        var pool = PoolDefinition(.match("~^(?<app>[a-z])x$"))
        pool.split = [SplitItem(to: "${app}-one", .weight(1)), SplitItem(to: "${target}-two", .weight(1))]
        let bench = try Self.bench(
            [pool],
            names: [
                "a-one": [StagesBench.address(1)], "ax-two": [StagesBench.address(2)],
                "b-one": [StagesBench.address(3)], "bx-two": [StagesBench.address(4)],
            ]
        )
        for _ in 0..<3 {
            let first = Set([try bench.pick("ax.test"), try bench.pick("ax.test")])
            let second = Set([try bench.pick("bx.test"), try bench.pick("bx.test")])
            #expect(first == [1, 2] && second == [3, 4])
        }
        #expect(Set(bench.stages.splitSnapshots.map(\.name)) == ["ax", "bx", pool.label])
    }

    @Test func `Splits that are out of use are forgotten`() throws {
        var pool = PoolDefinition(.match("~^."))
        pool.split = [SplitItem(to: "one", .weight(1))]
        let bench = try Self.bench([pool])
        for letter in "abcdef" { _ = try bench.pick("\(letter).test") }
        #expect(bench.stages.splitSnapshots.count == 7)
        // The cache of decisions refers to them.
        try bench.install(pools: [pool], names: Self.names)
        for _ in 0..<500 { bench.stages.tick(now: .now()) }
        #expect(bench.stages.splitSnapshots.count == 1)
    }

    @Test func `Without memory a request goes to the part with the largest weight`() throws {
        let bench = try StagesBench(pools: Self.pools(Self.weights(1, 9)), names: Self.names, keeps: false)
        for _ in 0..<3 { #expect(try bench.pick("shop.test") == 2) }
    }
}
