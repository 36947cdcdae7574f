import Balancing
import Routing
import Testing

@Suite struct PoolTableTests {
    private static func pool(
        _ selector: PoolDefinition.Selector,
        _ change: (inout PoolDefinition) -> Void = { _ in }
    ) -> PoolDefinition {
        var pool = PoolDefinition(selector)
        change(&pool)
        return pool
    }

    private static func endpoint(_ text: String) throws -> PoolEndpoint {
        PoolEndpoint(try #require(Endpoint(text)))
    }

    private static func issues(_ pools: PoolDefinition...) -> [String] {
        do throws(PoolTableError) {
            _ = try PoolTable(pools)
            return []
        } catch {
            return error.issues.map { "\($0.poolIndex) \($0.kind) \($0.key): \($0.message)" }
        }
    }

    @Test func `An exact name comes before each pattern, and patterns have their order`() throws {
        let table = try PoolTable([
            Self.pool(.match("~^api")), Self.pool(.match("~_eu$")), Self.pool(.name("API_eu")),
        ])
        let scratch = RouteScratch()
        #expect(table.pool(for: "api_eu", scratch: scratch)?.index == 2)
        #expect(table.pool(for: "api_eu", scratch: scratch)?.name == "api_eu")
        #expect(table.pool(for: "api_us", scratch: scratch)?.index == 0)
        #expect(table.pool(for: "api2_eu", scratch: scratch)?.index == 0)
        #expect(table.pool(for: "web_eu", scratch: scratch)?.name == "~_eu$")
        #expect(table.pool(for: "web", scratch: scratch) == nil)
    }

    @Test func `A pattern matches anywhere, unless it has anchors, and ignores case`() throws {
        let table = try PoolTable([Self.pool(.match("~^WORDPRESS_")), Self.pool(.match("~db"))])
        let scratch = RouteScratch()
        #expect(table.pool(for: "wordpress_01", scratch: scratch)?.index == 0)
        #expect(table.pool(for: "my-wordpress_01", scratch: scratch) == nil)
        #expect(table.pool(for: "a.db.b", scratch: scratch)?.index == 1)
    }

    @Test func `A verb does not end a match before the end that its pattern is anchored to`() throws {
        let table = try PoolTable([Self.pool(.match("~^api(*ACCEPT)$"))])
        #expect(table.pool(for: "api_1", scratch: RouteScratch()) == nil)
        #expect(table.pool(for: "api", scratch: RouteScratch()) != nil)
    }

    @Test func `A pattern that hits its match limit does not match`() throws {
        let table = try PoolTable([Self.pool(.match("~^(a+)+$")), Self.pool(.match("~^a"))])
        let name = String(repeating: "a", count: 60) + "_"
        #expect(table.pool(for: name, scratch: RouteScratch())?.index == 1)
    }

    @Test func `No pools match nothing`() throws {
        #expect(PoolTable().pool(for: "a", scratch: RouteScratch()) == nil)
        #expect(try RouteTable([.init(name: "a", action: .forward(to: "a"))]).pools.pools.isEmpty)
    }

    @Test func `A pool keeps what was written`() throws {
        let member = try Self.endpoint("10.0.0.2:8080")
        let table = try PoolTable([
            Self.pool(.name("api")) {
                $0.endpoints = [member]
                $0.settings.method = .hash(consistent: true)
                $0.hashKey = "${uri}"
                $0.origin = SourceLocation(file: "a.yaml", line: 3, column: 5)
            }
        ])
        let pool = try #require(table.pools.first)
        #expect(pool.members == [member] && pool.settings.method == .hash(consistent: true))
        #expect(pool.hashKey?.text == "${uri}" && pool.origin?.line == 3)
    }

    @Test func `A name must be one that a target can have`() {
        for name in ["", "a b", "api:80", "10.0.0.2", "2130706433", "[::1]", "a..b", "~^api"] {
            let found = Self.issues(Self.pool(.name(name)))
            #expect(found.count == 1 && found[0].hasPrefix("0 badValue name: "), "\(name): \(found)")
        }
    }

    @Test func `A pattern must begin with its mark, and compile`() {
        #expect(Self.issues(Self.pool(.match("api"))) == ["0 badValue match: `match` must be a pattern"])
        #expect(Self.issues(Self.pool(.match("~"))).count == 1)
        #expect(Self.issues(Self.pool(.match("~*api"))) == ["0 badPattern match: names ignore case"])
        #expect(
            Self.issues(Self.pool(.match("~(api"))) == ["0 badPattern match: missing closing parenthesis"]
        )
    }

    @Test func `All errors of all pools are reported, also a name that occurs twice`() throws {
        let member = try Self.endpoint("10.0.0.2:80")
        let found = Self.issues(
            Self.pool(.name("a")),
            Self.pool(.name("A")),
            Self.pool(.match("~b")) { $0.endpoints = [member] },
            Self.pool(.name("c")) { $0.endpoints = [member, member] },
            Self.pool(.name("d")) { $0.settings.method = .maglev },
            Self.pool(.name("e")) { $0.hashKey = "${uri}" }
        )
        #expect(
            found == [
                "1 duplicateName name: another pool has the name `a`",
                "2 conflictingKeys endpoints: a pool with `match` has no endpoints of its own: the name sources have those of each name",
                "3 badValue endpoints.1: the endpoint 10.0.0.2:80 occurs twice",
                "4 missingKey balance: this method needs a `hash_key`",
                "5 conflictingKeys hash_key: `hash_key` has no effect with this method",
            ]
        )
    }
}
