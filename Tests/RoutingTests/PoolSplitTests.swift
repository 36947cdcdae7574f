import Balancing
import Bytes
import Routing
import Testing

/// What a pool leads to besides its endpoints: `split` and `failover`.
@Suite struct PoolSplitTests {
    private static let weights = [
        SplitItem(to: "shop-v2", .weight(10)), SplitItem(to: "shop-v1", .weight(90)),
    ]

    private static func pool(
        _ selector: PoolDefinition.Selector = .name("shop"),
        split: [SplitItem] = [],
        failover: String? = nil
    ) -> PoolDefinition {
        var pool = PoolDefinition(selector)
        pool.split = split
        pool.failover = failover
        return pool
    }

    private static func issues(_ pools: PoolDefinition...) -> [String] {
        do throws(PoolTableError) {
            _ = try PoolTable(pools)
            return []
        } catch {
            return error.issues.map { "\($0.poolIndex) \($0.key): \($0.message)" }
        }
    }

    /// The part that fields of a request choose.
    private static func part(_ split: PoolSplit, _ fields: [(String, String)]) -> Int? {
        split.part { name, visit in
            fields.contains { field in
                field.0 == String(decoding: name, as: UTF8.self) && visit(Array(field.1.utf8).span)
            }
        }?.part
    }

    @Test func `Each target is one part, with its weight and its conditions`() throws {
        let items =
            Self.weights + [
                SplitItem(to: "SHOP-v2", .header("X-Canary", value: "yes")),
                SplitItem(to: "shop-v3", .cookie("canary", value: nil)),
            ]
        let split = try #require(try PoolTable([Self.pool(split: items)]).pools[0].split)
        #expect(split.parts.map(\.fixed) == ["shop-v2", "shop-v1", "shop-v3"])
        #expect(split.weights == [10, 90, 0])
        #expect(Self.part(split, []) == nil)
        #expect(Self.part(split, [("x-canary", "no")]) == nil)
        #expect(Self.part(split, [("x-canary", "no"), ("x-canary", "yes")]) == 0)
        #expect(Self.part(split, [("cookie", "a=b; canary=")]) == 2)
        #expect(Self.part(split, [("cookie", "xcanary=1")]) == nil)
        // The first that is written.
        #expect(Self.part(split, [("cookie", "canary=1"), ("x-canary", "yes")]) == 0)
    }

    @Test func `Names are made of the target's own, and of what its pattern captures`() throws {
        let items = [
            SplitItem(to: "${target}-v2", .weight(1)), SplitItem(to: "$app.$1.x", .weight(1)),
            SplitItem(to: "${none}", .weight(1)),
        ]
        let selector = PoolDefinition.Selector.match("~^(?<app>[a-z]+)_blue(?<none>x)?$")
        let table = try PoolTable([Self.pool(selector, split: items, failover: "${app}_green")])
        let pool = try #require(table.pool(for: "shop_blue", scratch: RouteScratch()))
        let split = try #require(pool.split)
        let failover = try #require(pool.failover)
        let names = pool.expand(split.parts + [failover], for: "shop_blue", scratch: RouteScratch())
        #expect(names == ["shop_blue-v2", "shop.shop.x", nil, "shop_green"])
        let long = String(repeating: "a", count: 60)
        #expect(pool.expand(split.parts, for: long, scratch: RouteScratch())[0] == long + "-v2")
        #expect(pool.expand(split.parts, for: long + "aaa", scratch: RouteScratch())[0] == nil)
    }

    @Test(arguments: [
        ("shop-v2:80", "0 split.0.to: a target has no port here"),
        ("shop/v2", "0 split.0.to: a target's name has letters, digits, `-`, `_` and dots only"),
        ("10.0.0.2", "0 split.0.to: `10.0.0.2` is an address, not a name"),
        ("2130706433", "0 split.0.to: `2130706433` is an address, not a name"),
        ("${app}", "0 split.0.to: `${app}` cannot be used here: a pool with `name` captures nothing"),
        ("$1", "0 split.0.to: `$1` cannot be used here: a pool with `name` captures nothing"),
        ("${target", "0 split.0.to: `${` without its `}`"),
        (
            "a..b",
            "0 split.0.to: `a..b` is not a valid target name: the host has an empty label"
        ),
    ])
    func `A part needs a valid name`(to: String, issue: String) {
        #expect(Self.issues(Self.pool(split: [SplitItem(to: to, .weight(1))])) == [issue])
    }

    @Test func `A pattern has the groups that it has`() {
        let found = Self.issues(Self.pool(.match("~^(?<app>a)"), failover: "${ap}-b"))
        #expect(found == ["0 failover: `match` has no group for `${ap}`"])
    }

    @Test func `A split gives every request a target`() {
        let canary = SplitItem(to: "shop-v2", .header("X-Canary", value: nil))
        #expect(
            Self.issues(Self.pool(split: [canary])) == [
                "0 split: no target of this split has a weight: other requests would have none"
            ]
        )
        #expect(
            Self.issues(Self.pool(split: [canary, SplitItem(to: "shop-v1", .weight(0))])) == [
                "0 split: the weights of this split are all 0: requests would have no target"
            ]
        )
        let twice = Self.weights + [SplitItem(to: "Shop-V1", .weight(1))]
        #expect(
            Self.issues(Self.pool(split: twice)) == ["0 split.2.to: `Shop-V1` has a weight already"]
        )
    }

    @Test func `What is split is not split again, unless it is the pool itself`() {
        let itself = [SplitItem(to: "shop", .weight(9)), SplitItem(to: "shop-v2", .weight(1))]
        #expect(Self.issues(Self.pool(split: itself)) == [])
        #expect(Self.issues(Self.pool(.match("~^shop"), split: Self.weights)) == [])
        let other = Self.pool(.name("shop-v2"), split: [SplitItem(to: "x", .weight(1))])
        #expect(
            Self.issues(Self.pool(split: Self.weights), other) == [
                "0 split.0.to: `shop-v2` is split itself: a split has one level"
            ]
        )
        #expect(
            Self.issues(Self.pool(.name("a"), failover: "shop"), Self.pool(split: Self.weights)) == [
                "0 failover: `shop` is split: requests cannot fail over to a split"
            ]
        )
    }

    @Test func `Failovers do not lead back, and end`() {
        #expect(
            Self.issues(Self.pool(failover: "Shop")) == ["0 failover: a target cannot take over from itself"]
        )
        #expect(
            Self.issues(Self.pool(failover: "b"), Self.pool(.match("~^b$"), failover: "shop")) == [
                "0 failover: failover leads back to this pool: shop, b, shop"
            ]
        )
        // The target of a pattern that takes over has none itself.
        #expect(Self.issues(Self.pool(.match("~^shop"), failover: "shop-backup")) == [])
        let chain = (0..<6).map { Self.pool(.name("p\($0)"), failover: "p\($0 + 1)") }
        #expect(
            Self.issues(chain[0], chain[1], chain[2], chain[3], chain[4]) == [
                "0 failover: more than 4 targets take over one after another: p1, p2, p3, p4, p5"
            ]
        )
        #expect(Self.issues(chain[0], chain[1], chain[2], chain[3]) == [])
    }

    @Test func `A split and its part have tokens of their own`() {
        var split = Self.pool(split: Self.weights)
        split.settings.sticky = StickySettings(.cookie(StickySettings.Cookie(name: "berth")))
        var part = Self.pool(.name("shop-v1"))
        part.settings.sticky = split.settings.sticky
        #expect(
            Self.issues(split, part) == [
                "0 split.1.to: the pool of `shop-v1` has the same `sticky` cookie `berth`: each would replace the other's token"
            ]
        )
        part.settings.sticky = StickySettings(.header("berth"))
        #expect(Self.issues(split, part) == [])
    }
}
