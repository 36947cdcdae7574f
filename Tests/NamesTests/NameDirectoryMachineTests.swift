import NIOCore
import Routing
import NIOConcurrencyHelpers
import Testing

@testable import Names

/// What was told to those who waited.
private final class Told: Sendable {
    private let list = NIOLockedValueBox<[String]>([])
    var all: [String] { list.withLockedValue { $0 } }

    func done(_ who: String) -> NameDirectoryMachine.Completion {
        { lookup in
            let text =
                switch lookup {
                case .known(let answer):
                    "\(who)=\(answer.addresses.map { "\($0.address)" }.joined(separator: ","))"
                case .unknown: "\(who) unknown"
                case .failed(let problem): "\(who) \(problem.kind)"
                case .unresolved: "\(who) unresolved"
                }
            self.list.withLockedValue { $0.append(text) }
        }
    }
}

private struct Idle: LiveNameSource, QueryNameSource {
    var traits = QueryTraits()

    func start() {}
    func start(_ tell: @escaping @Sendable (NameSourceUpdate) -> Void) {}
    func query(_ name: String, completion: @escaping @Sendable (NameQueryResult) -> Void) {}
    func stop() {}
}

@Suite struct NameDirectoryMachineTests {
    private var machine = NameDirectoryMachine()
    private let told = Told()
    private let waiter = ObjectIdentifier(Told.self)

    private static func live(_ label: String, maxStale: Duration? = nil) -> NameSource {
        NameSource(label: label, key: .settings(label), kind: .live(Idle()), maxStale: maxStale)
    }

    private static func query(_ label: String, _ traits: QueryTraits = QueryTraits()) -> NameSource {
        let source = Idle(traits: traits)
        return NameSource(label: label, key: .settings(label), kind: .query(source), maxStale: .seconds(60))
    }

    /// Puts sources in force; gives their ids.
    private mutating func list(_ sources: NameSource..., now: Double = 0) -> [UInt64] {
        _ = machine.replace(with: sources, first: [:], now: at(now))
        return machine.sources.map(\.id)
    }

    private mutating func tell() -> NameTableUpdate? {
        let (news, settled) = machine.takeUpdate()
        for (done, lookup) in settled { done(lookup) }
        return news
    }

    @Test mutating func `A name that a cold registry may have waits, though a later source has it`() throws {
        let ids = list(Self.live("etcd"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(2)]]), from: ids[1], now: at(0))
        let table = try #require(tell()?.table)
        guard case .unresolved = table.lookUp("a") else {
            Issue.record("it fell through")
            return
        }
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("first"))
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("second"))
        _ = tell()
        #expect(told.all.isEmpty)
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[0], now: at(1))
        _ = tell()
        #expect(told.all == ["first=10.0.0.1", "second=10.0.0.1"])
    }

    @Test mutating func `A registry that is down or silent from the start is passed over after a time`() {
        let ids = list(Self.live("etcd"), Self.live("containers"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(3)]]), from: ids[2], now: at(0))
        machine.apply(.down(reason: "refused"), from: ids[0], now: at(0))
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("it"))
        machine.resolve("b", for: waiter, now: at(0), completion: told.done("other"))
        _ = tell()
        #expect(told.all.isEmpty)
        machine.due(now: at(10))
        _ = tell()
        #expect(Set(told.all) == ["it=10.0.0.3", "other unavailable"])
        let events = machine.takeEvents()
        #expect(events.contains(.down(source: "etcd", reason: "refused", serving: 0)))
        #expect(events.contains(.down(source: "containers", reason: "it has not responded yet", serving: 0)))
    }

    @Test
    mutating func `A source that goes down serves its last names until max_stale, and comes back`() throws {
        let ids = list(Self.live("etcd", maxStale: .seconds(30)))
        machine.apply(.snapshot(["a": [address(1)], "b": [address(2)]]), from: ids[0], now: at(0))
        _ = tell()
        machine.apply(.down(reason: "gone"), from: ids[0], now: at(1))
        machine.apply(.down(reason: "gone"), from: ids[0], now: at(2))
        #expect(machine.statuses.first?.state == .down(reason: "gone"))
        machine.due(now: at(30))
        let told1 = tell()
        #expect(told1 == nil, "nothing has changed for anybody")
        machine.due(now: at(31))
        let news = try #require(tell())
        #expect(news.changed == nil, "what nobody knew is now what could not be asked for")
        guard case .failed = news.table.lookUp("a") else {
            Issue.record("a is still served")
            return
        }
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[0], now: at(40))
        let told2 = tell()
        #expect(told2?.table.lookUp("a").resolved != nil)
        #expect(
            machine.takeEvents() == [
                .loaded(source: "etcd", names: 2), .down(source: "etcd", reason: "gone", serving: 2),
                .expired(source: "etcd"), .loaded(source: "etcd", names: 1), .up(source: "etcd"),
            ]
        )
    }

    @Test mutating func `An update without a name says that the source is up and has missed nothing`() {
        let ids = list(Self.live("etcd", maxStale: .seconds(30)))
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[0], now: at(0))
        _ = tell()
        machine.apply(.down(reason: "gone"), from: ids[0], now: at(1))
        machine.apply(.update(set: [:], removed: []), from: ids[0], now: at(2))
        let told3 = tell()
        #expect(told3 == nil)
        machine.due(now: at(100))
        #expect(machine.statuses.first?.state == .up && machine.statuses.first?.names == 1)
    }

    @Test
    mutating func `The table goes out after each source's first update, and when one is silent`() throws {
        let ids = list(Self.live("etcd"), Self.live("containers"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[2], now: at(0))
        _ = tell()
        machine.apply(.snapshot([:]), from: ids[0], now: at(1))
        let empty = try #require(tell())
        #expect(empty.changed == nil, "any name may have become known or unknown")
        guard case .unresolved = empty.table.lookUp("a") else {
            Issue.record("containers were passed over")
            return
        }
        machine.apply(.down(reason: "refused"), from: ids[1], now: at(2))
        let down = try #require(tell())
        #expect(down.changed == nil)
        #expect(down.table.lookUp("a").resolved?.addresses == [address(1)])
        guard case .failed = down.table.lookUp("b") else {
            Issue.record("b is asked for, though nobody is left to ask")
            return
        }
    }

    @Test mutating func `A source whose names were too old serves again when it has missed nothing`() throws {
        let ids = list(Self.live("etcd", maxStale: .seconds(30)))
        machine.apply(.snapshot(["a": [address(1)], "b": [address(2)]]), from: ids[0], now: at(0))
        machine.apply(.down(reason: "gone"), from: ids[0], now: at(1))
        machine.due(now: at(31))
        _ = tell()
        machine.resolve("a", for: waiter, now: at(40), completion: told.done("a"))
        _ = tell()
        #expect(told.all == ["a unavailable"])
        machine.apply(.update(set: ["c": [address(3)]], removed: ["b"]), from: ids[0], now: at(41))
        let news = try #require(tell())
        #expect(news.table.lookUp("a").resolved?.addresses == [address(1)])
        #expect(news.table.lookUp("b").resolved == nil)
        #expect(news.table.lookUp("c").resolved?.addresses == [address(3)])
        #expect(machine.statuses.first?.state == .up)
    }

    @Test mutating func `News name what changed and nothing else, also when a registry is listed afresh`() {
        let ids = list(Self.live("etcd"))
        var names: [String: [NamedAddress]] = [:]
        for index in 0..<1000 { names["n\(index)"] = [address(UInt32(index))] }
        machine.apply(.snapshot(names), from: ids[0], now: at(0))
        _ = tell()
        machine.apply(
            .update(set: ["n1": [address(7)], "n2": [address(2)]], removed: ["n3", "x"]),
            from: ids[0],
            now: at(1)
        )
        let news = tell()
        #expect(news?.changed == ["n1", "n3"], "n2 is as it was")
        #expect(news?.table.lookUp("n1").resolved?.addresses == [address(7)])
        names["n4"] = nil
        names["n5"] = [address(5, identity: "another")]
        machine.apply(.snapshot(names), from: ids[0], now: at(2))
        let told4 = tell()
        #expect(told4?.changed == ["n1", "n3", "n4", "n5"])
        machine.apply(.snapshot(names), from: ids[0], now: at(3))
        let told5 = tell()
        #expect(told5 == nil)
    }

    @Test mutating func `A query source is asked once; what it does not know the next one is asked`() {
        let ids = list(Self.query("dns"), Self.query("system"))
        _ = tell()
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("one"))
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("two"))
        var queries = machine.takeQueries()
        #expect(queries == [.init(layer: ids[0], name: "a")])
        machine.receive(.none(ttl: .seconds(5)), for: "a", from: ids[0], now: at(0.1))
        queries = machine.takeQueries()
        #expect(queries == [.init(layer: ids[1], name: "a")])
        machine.receive(.addresses([address(1)], ttl: .seconds(5)), for: "a", from: ids[1], now: at(0.2))
        let news = tell()
        #expect(news?.table.lookUp("a").resolved?.source == "system")
        #expect(told.all == ["one=10.0.0.1", "two=10.0.0.1"])
    }

    @Test
    mutating func `A query source that fails is passed over; its failure counts where no other has the name`()
    {
        let ids = list(Self.query("dns"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[1], now: at(0))
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("a"))
        machine.resolve("b", for: waiter, now: at(0), completion: told.done("b"))
        for query in machine.takeQueries() {
            machine.receive(.failed(NameProblem(.timeout, "late")), for: query.name, from: ids[0], now: at(1))
        }
        _ = tell()
        #expect(told.all == ["a=10.0.0.1", "b timeout"])
    }

    @Test mutating func `A source that never replies delays its own waiters and no other name`() {
        let ids = list(Self.query("dns"))
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("a"))
        machine.resolve("b", for: waiter, now: at(0), completion: told.done("b"))
        machine.receive(.addresses([address(1)], ttl: .seconds(5)), for: "b", from: ids[0], now: at(1))
        _ = tell()
        #expect(told.all == ["b=10.0.0.1"])
        machine.due(now: at(31))
        _ = tell()
        #expect(told.all == ["b=10.0.0.1", "a timeout"] && machine.waiting == 0)
    }

    @Test mutating func `So many names may wait; one more is told at once`() {
        _ = list(Self.live("etcd"))
        for index in 0..<NameLimits.waitingNames {
            machine.resolve("n\(index)", for: waiter, now: at(0), completion: told.done("n"))
        }
        machine.resolve("more", for: waiter, now: at(0), completion: told.done("more"))
        _ = tell()
        #expect(told.all == ["more overloaded"])
    }

    @Test mutating func `With other sources those that are the same go on with what they know`() {
        let ids = list(Self.live("etcd"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[0], now: at(0))
        let (started, stopped) = machine.replace(
            with: [Self.query("dns"), Self.live("etcd")],
            first: [:],
            now: at(1)
        )
        #expect(started.map(\.source.label) == ["dns"] && stopped.map(\.label) == ["static"])
        #expect(machine.sources.map(\.id).last == ids[0])
        #expect(machine.statuses.map(\.names) == [0, 1])
        let told6 = tell()
        #expect(told6?.changed == nil)
        // What a stopped source still says is not heard.
        machine.apply(.snapshot(["z": [address(9)]]), from: ids[1], now: at(2))
        let told7 = tell()
        #expect(told7 == nil)
    }

    @Test mutating func `A query that nobody waits for any longer is not sent`() {
        let slow = QueryTraits(places: 1)
        let ids = list(Self.query("system", slow))
        let other = ObjectIdentifier(NameDirectoryMachineTests.self)
        machine.resolve("first", for: waiter, now: at(0), completion: told.done("first"))
        for name in ["a", "b"] { machine.resolve(name, for: waiter, now: at(0), completion: told.done(name)) }
        machine.resolve("b", for: other, now: at(0), completion: told.done("other"))
        machine.abandon("a", for: waiter)
        machine.abandon("b", for: waiter)
        #expect(machine.waiting == 2, "one still waits for b")
        var queries = machine.takeQueries()
        #expect(queries.map(\.name) == ["first"])
        machine.receive(.none(ttl: .seconds(5)), for: "first", from: ids[0], now: at(1))
        queries = machine.takeQueries()
        #expect(queries.map(\.name) == ["b"])
        machine.receive(.none(ttl: .seconds(5)), for: "b", from: ids[0], now: at(2))
        queries = machine.takeQueries()
        #expect(queries.isEmpty)
        _ = tell()
        #expect(told.all == ["first unknown", "other unknown"])
    }

    @Test mutating func `An outage that shows as timeouts is reported once, and its end once`() {
        let ids = list(Self.query("dns"))
        let late = NameQueryResult.failed(NameProblem(.timeout, "dns: no response"))
        func ask(_ name: String, _ result: NameQueryResult, _ seconds: Double) {
            machine.resolve(name, for: waiter, now: at(seconds), completion: told.done(name))
            machine.due(now: at(seconds))
            for query in machine.takeQueries() where query.name == name {
                machine.receive(result, for: name, from: ids[0], now: at(seconds + 0.1))
            }
        }
        // Of names that nobody knows, one or two may belong to domains whose servers are dead.
        ask("x1", late, 0)
        ask("x2", late, 1)
        #expect(machine.takeEvents().isEmpty)
        for index in 3..<20 { ask("x\(index)", late, Double(index)) }
        var events = machine.takeEvents()
        #expect(events == [.down(source: "dns", reason: "dns: no response", serving: 0)])
        ask("a", .addresses([address(1)], ttl: .seconds(10)), 20)
        events = machine.takeEvents()
        #expect(events == [.up(source: "dns")])
        // The refresh of a name that was known is enough.
        tell()?.table.lookUp("a").resolved?.use?.mark()
        machine.due(now: at(29))
        machine.receive(late, for: "a", from: ids[0], now: at(29.1))
        machine.receive(late, for: "a", from: ids[0], now: at(31))
        events = machine.takeEvents()
        #expect(events == [.down(source: "dns", reason: "dns: no response", serving: 1)])
    }

    @Test mutating func `A name of a later source does not wait for an earlier one that is down`() throws {
        let ids = list(Self.query("dns"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[1], now: at(0))
        machine.resolve("x", for: waiter, now: at(0), completion: told.done("x"))
        _ = machine.takeQueries()
        machine.receive(.failed(NameProblem(.unavailable, "refused")), for: "x", from: ids[0], now: at(0))
        machine.resolve("a", for: waiter, now: at(0.1), completion: told.done("a"))
        let table = try #require(tell()?.table)
        #expect(told.all == ["x unavailable", "a=10.0.0.1"])
        let queries = machine.takeQueries()
        #expect(queries.map(\.name) == ["a"], "it is queried all the same")
        // In use, it stays so while the query is open, and when it fails.
        table.lookUp("a").resolved?.use?.mark()
        machine.due(now: at(2))
        _ = tell()
        machine.receive(.failed(NameProblem(.unavailable, "refused")), for: "a", from: ids[0], now: at(3))
        machine.due(now: at(3.1))
        machine.resolve("a", for: waiter, now: at(3.2), completion: told.done("again"))
        _ = tell()
        #expect(told.all.last == "again=10.0.0.1")
    }

    @Test mutating func `That an earlier source has no such name is refreshed while the name is in use`()
        throws
    {
        let ids = list(Self.query("dns"), Self.live("static"))
        machine.apply(.snapshot(["a": [address(1)]]), from: ids[1], now: at(0))
        machine.resolve("a", for: waiter, now: at(0), completion: told.done("a"))
        _ = machine.takeQueries()
        machine.receive(.none(ttl: .seconds(5)), for: "a", from: ids[0], now: at(0))
        var table = try #require(tell()?.table)
        for turn in 1...10 {
            table.lookUp("a").resolved?.use?.mark()
            machine.due(now: at(Double(turn) * 5))
            if let news = tell() { table = news.table }
            #expect(table.lookUp("a").resolved != nil, "the last answer serves meanwhile")
            let queries = machine.takeQueries()
            #expect(queries.map(\.name) == ["a"])
            machine.receive(.none(ttl: .seconds(5)), for: "a", from: ids[0], now: at(Double(turn) * 5))
            if let news = tell() { table = news.table }
        }
        #expect(told.all == ["a=10.0.0.1"])
    }
}
