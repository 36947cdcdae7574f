import Foundation
import Names
import Routing
import TestSupport
import Testing

@testable import Registries

/// Drives the machine and keeps what came out.
private final class Driver {
    var machine: EtcdWatchMachine
    var now = Duration.zero
    var told: [NameSourceUpdate] = []
    var last: [EtcdWatchMachine.Action] = []
    var wake: Duration?

    init(members: Int = 1, authenticates: Bool = false, pageLimit: Int = 1000) {
        var settings = EtcdWatchMachine.Settings()
        settings.members = members
        settings.authenticates = authenticates
        settings.pageLimit = pageLimit
        machine = EtcdWatchMachine(keys: EtcdKeys(prefix: "/h/"), settings: settings)
    }

    func on(_ event: EtcdWatchMachine.Event) {
        last = []
        for action in machine.handle(event, now: now, random: 7) {
            switch action {
            case .tell(let change): told.append(change)
            case .wake(let moment): wake = moment
            default: last.append(action)
            }
        }
    }

    /// Goes to the moment of the next timer.
    func sleep() {
        guard let moment = wake else { return last = [] }
        now = max(now, moment)
        wake = nil
        on(.timer)
    }

    /// Up to the next question.
    func sleepUntilProbe() {
        for _ in 0..<5 {
            sleep()
            if probe != nil { return }
        }
    }

    var watch: (EtcdWatchMachine.Exchange, Int64)? {
        for case .watch(let exchange, from: let revision) in last { return (exchange, revision) }
        return nil
    }

    var list: (EtcdWatchMachine.Exchange, EtcdWatchMachine.PageRequest)? {
        for case .list(let exchange, let request) in last { return (exchange, request) }
        return nil
    }

    var probe: EtcdWatchMachine.Exchange? {
        for case .probe(let exchange) in last { return exchange }
        return nil
    }

    var downs: Int { told.count { if case .down = $0 { true } else { false } } }
    var snapshots: Int { told.count { if case .snapshot = $0 { true } else { false } } }

    var removed: [String] {
        told.flatMap { if case .update(_, let removed) = $0 { removed } else { [] as [String] } }
    }

    /// An outage, up to a watch that has spoken again, or a list that is asked for when `relists`.
    func comeBack(_ watch: EtcdWatchMachine.Exchange, relists: Bool) throws -> EtcdWatchMachine.Exchange {
        on(.failed(watch, .timeout))
        sleep()
        let again = try #require(self.watch).0
        var created = EtcdFrame(cluster: "c", revision: 10)
        created.created = true
        guard relists else {
            on(.frame(again, created))
            return again
        }
        (created.compacted, created.canceled) = (true, "compacted")
        on(.frame(again, created))
        sleep()
        return try #require(list).0
    }

    /// Lets time pass, with a store that stands still.
    func pass(_ time: Duration, revision: Int64) {
        let end = now + time
        while let wake, wake <= end {
            sleep()
            if let probe { on(.probed(probe, cluster: "c", revision: revision)) }
        }
        now = end
    }

    /// Up to a watch that has spoken, at revision 10 with the name `a`.
    func reachWatch() throws -> EtcdWatchMachine.Exchange {
        on(.started)
        let exchange = try #require(list).0
        on(
            .page(
                exchange,
                EtcdPage(cluster: "c", revision: 10, entries: [put("a", "10.0.0.1:1")], more: false)
            )
        )
        let (watch, from) = try #require(self.watch)
        #expect(from == 11)
        var created = EtcdFrame(cluster: "c", revision: 10)
        created.created = true
        on(.frame(watch, created))
        return watch
    }
}

private func put(_ name: String, _ address: String?) -> EtcdEntry {
    EtcdEntry(
        key: Array("/h/\(name)".utf8),
        value: Result { () throws(EntryValue.Problem) in
            try EntryValue(Data((address.map { "{\"address\":\"\($0)\"}" } ?? "nonsense").utf8))
        }
    )
}

private func delete(_ name: String) -> EtcdEntry {
    EtcdEntry(key: Array("/h/\(name)".utf8), value: .failure(.init(description: "")), isDelete: true)
}

private func frame(_ revision: Int64, _ events: [EtcdEntry], fragment: Bool = false) -> EtcdFrame {
    var frame = EtcdFrame(cluster: "c", revision: revision)
    frame.events = events
    frame.lastChange = revision
    frame.fragment = fragment
    return frame
}

@Suite("Following etcd: the machine")
struct EtcdWatchMachineTests {
    @Test("Pages are read at the first one's revision, and the watch begins at the next")
    func pages() throws {
        let driver = Driver(pageLimit: 2)
        driver.on(.started)
        let first = try #require(driver.list)
        #expect(first.1 == .init(limit: 2))
        driver.on(
            .page(
                first.0,
                EtcdPage(
                    cluster: "c",
                    revision: 5,
                    entries: [put("a", "10.0.0.1:1"), put("b", "10.0.0.2:1")],
                    more: true
                )
            )
        )
        let second = try #require(driver.list)
        #expect(second.1 == .init(from: Array("/h/b\0".utf8), revision: 5, limit: 2))
        #expect(driver.snapshots == 0)
        driver.on(.page(second.0, EtcdPage(cluster: "c", revision: 9, entries: [put("c", nil)], more: false)))
        #expect(driver.snapshots == 1)
        let from = try #require(driver.watch).1
        #expect(from == 6)
        let names = driver.machine.names
        #expect(Set(names.keys) == ["a", "b"])
    }

    @Test("After a disconnect the watch resumes exactly behind the last revision")
    func resume() throws {
        let driver = Driver()
        let watch = try driver.reachWatch()
        driver.on(.frame(watch, frame(14, [put("b", "10.0.0.2:1")])))
        driver.on(.failed(watch, .connection("reset")))
        let downs = driver.downs
        #expect(downs == 1)
        driver.sleep()
        let (next, from) = try #require(driver.watch)
        #expect(from == 15)
        // What the old stream still says is not heard.
        driver.on(.frame(watch, frame(99, [delete("a")])))
        driver.on(.frame(next, frame(15, [delete("a")])))
        driver.pass(.seconds(7), revision: 15)
        let names = driver.machine.names
        #expect(Set(names.keys) == ["b"])
        let snapshots = driver.snapshots
        #expect(snapshots == 1)
    }

    @Test("A revision in pieces counts when its last piece is there; a progress message counts")
    func fragments() throws {
        let driver = Driver()
        let watch = try driver.reachWatch()
        driver.on(.frame(watch, frame(14, [put("b", "10.0.0.2:1")], fragment: true)))
        driver.on(.failed(watch, .connection("reset")))
        driver.sleep()
        var next = try #require(driver.watch)
        #expect(next.1 == 11)
        driver.on(.frame(next.0, frame(14, [put("b", "10.0.0.2:1")], fragment: true)))
        driver.on(.frame(next.0, frame(14, [put("c", "10.0.0.2:1")])))
        driver.on(.frame(next.0, EtcdFrame(cluster: "c", revision: 40)))
        driver.on(.failed(next.0, .connection("reset")))
        driver.sleep()
        next = try #require(driver.watch)
        #expect(next.1 == 41)
    }

    @Test("Other members are asked at once; only when all have failed it is down, once, and waits grow")
    func failover() throws {
        let driver = Driver(members: 3)
        let watch = try driver.reachWatch()
        driver.on(.failed(watch, .connection("reset")))
        var members: [Int] = [watch.member]
        for _ in 0..<2 {
            let next = try #require(driver.watch).0
            members.append(next.member)
            driver.on(.failed(next, .connection("refused")))
        }
        #expect(Set(members) == [0, 1, 2])
        var waits: [Duration] = []
        for _ in 0..<12 {
            let start = driver.now
            driver.sleep()
            waits.append(driver.now - start)
            let next = try #require(driver.watch).0
            driver.on(.failed(next, .connection("refused")))
        }
        #expect(waits == waits.sorted())
        let longest = try #require(waits.last)
        #expect(longest <= .seconds(3) && longest >= .milliseconds(1500))
        let downs = driver.downs
        #expect(downs == 1)
        driver.sleep()
        let next = try #require(driver.watch).0
        var created = EtcdFrame(cluster: "c", revision: 10)
        created.created = true
        driver.on(.frame(next, created))
        guard case .update(let set, let removed)? = driver.told.last else {
            Issue.record("the recovery was not told")
            return
        }
        #expect(set.isEmpty && removed.isEmpty)
    }

    @Test(
        "After an outage a name that etcd has ended stays, and goes if nobody registers it again in time",
        arguments: [true, false],
        [true, false]
    )
    func grace(relists: Bool, registers: Bool) throws {
        let driver = Driver()
        var watch = try driver.comeBack(try driver.reachWatch(), relists: relists)
        if relists {
            driver.on(.page(watch, EtcdPage(cluster: "c", revision: 12, entries: [], more: false)))
            watch = try #require(driver.watch).0
            driver.on(.frame(watch, frame(12, [])))
        } else {
            driver.on(.frame(watch, frame(12, [delete("a")])))
        }
        driver.pass(.seconds(4), revision: 12)
        if registers { driver.on(.frame(watch, frame(13, [put("a", "10.0.0.1:1")]))) }
        let (early, still) = (driver.removed, driver.machine.names["a"])
        #expect(early.isEmpty && still != nil)
        driver.pass(.seconds(3), revision: registers ? 13 : 12)
        let (removed, names) = (driver.removed, driver.machine.names.keys.sorted())
        #expect(removed == (registers ? [] : ["a"]))
        #expect(names == (registers ? ["a"] : []))

        // The time is over: a host that leaves is out at once.
        guard registers else { return }
        driver.on(.frame(watch, frame(14, [delete("a")])))
        let afterwards = driver.removed
        #expect(afterwards == ["a"])
    }

    @Test("Compacted revisions lead to a fresh list at once, and the names stay until it is there")
    func compaction() throws {
        let driver = Driver()
        let watch = try driver.reachWatch()
        var canceled = EtcdFrame(cluster: "c", revision: 0)
        canceled.compacted = true
        canceled.canceled = "compacted"
        driver.on(.frame(watch, canceled))
        let list = try #require(driver.list)
        #expect(list.1 == .init(limit: 1000))
        let downs = driver.downs
        #expect(downs == 0)
        driver.on(.page(list.0, EtcdPage(cluster: "c", revision: 70, entries: [], more: false)))
        let from = try #require(driver.watch).1
        #expect(from == 71)
        let names = driver.machine.names
        #expect(names.isEmpty)
    }

    @Test("A silent watch is questioned; a revision it never spoke of renews it from the last one told")
    func probing() throws {
        let driver = Driver()
        let watch = try driver.reachWatch()
        driver.sleepUntilProbe()
        var probe = try #require(driver.probe)
        driver.on(.probed(probe, cluster: "c", revision: 10))
        #expect(driver.last.isEmpty)
        driver.sleepUntilProbe()
        probe = try #require(driver.probe)
        driver.on(.probed(probe, cluster: "c", revision: 12))
        let (renewed, from) = try #require(driver.watch)
        #expect(from == 11)
        guard case .cancel(watch)? = driver.last.first else {
            Issue.record("the old watch goes on")
            return
        }
        // The same revision renews no second time.
        var created = EtcdFrame(cluster: "c", revision: 12)
        created.created = true
        driver.on(.frame(renewed, created))
        driver.sleepUntilProbe()
        probe = try #require(driver.probe)
        driver.on(.probed(probe, cluster: "c", revision: 12))
        #expect(driver.watch == nil)
        // Without an answer the member is left.
        driver.sleepUntilProbe()
        #expect(driver.probe != nil)
        driver.sleep()
        let downs = driver.downs
        #expect(downs == 1)
    }

    @Test("A store that was set back, or another one, is listed anew")
    func anotherStore() throws {
        for (cluster, revision) in [("c", 9), ("d", 50)] as [(String, Int64)] {
            let driver = Driver()
            _ = try driver.reachWatch()
            driver.sleepUntilProbe()
            let probe = try #require(driver.probe)
            driver.on(.probed(probe, cluster: cluster, revision: revision))
            let list = try #require(driver.list)
            #expect(list.1.revision == nil)
        }
    }

    @Test("A token that has aged is renewed once; a fresh one that is refused is a failure")
    func tokens() throws {
        let driver = Driver(authenticates: true)
        driver.on(.started)
        guard case .authenticate(let first)? = driver.last.first else {
            throw NotInTime(description: "no token")
        }
        driver.on(.authenticated(first))
        let list = try #require(driver.list)
        driver.on(.page(list.0, EtcdPage(cluster: "c", revision: 10, entries: [], more: false)))
        let watch = try #require(driver.watch).0
        driver.on(.failed(watch, .unauthenticated("invalid auth token")))
        guard case .authenticate(let second)? = driver.last.last else {
            throw NotInTime(description: "no token")
        }
        driver.on(.authenticated(second))
        let next = try #require(driver.watch).0
        driver.on(.failed(next, .unauthenticated("invalid auth token")))
        let downs = driver.downs
        #expect(downs == 1)
        #expect(driver.last.allSatisfy { if case .authenticate = $0 { false } else { true } })
    }

    @Test("A page that is too large is asked for in smaller ones, down to a key without its value")
    func tooLarge() throws {
        let driver = Driver(pageLimit: 16)
        driver.on(.started)
        var requests: [EtcdWatchMachine.PageRequest] = []
        for _ in 0..<4 {
            let list = try #require(driver.list)
            requests.append(list.1)
            driver.on(.failed(list.0, .tooLarge))
        }
        #expect(requests.map(\.limit) == [16, 4, 1, 1])
        #expect(requests.last?.keysOnly == true)
    }

    @Test("A bad value leaves the name as it was, in a watch and in a list")
    func badValues() throws {
        let driver = Driver()
        let watch = try driver.reachWatch()
        driver.on(.frame(watch, frame(11, [put("a", nil), put("b", nil)])))
        var names = driver.machine.names
        #expect(names == ["a": [at("10.0.0.1:1")]])
        var canceled = EtcdFrame(cluster: "c", revision: 0)
        canceled.compacted = true
        driver.on(.frame(watch, canceled))
        let list = try #require(driver.list).0
        driver.on(.page(list, EtcdPage(cluster: "c", revision: 12, entries: [put("a", nil)], more: false)))
        names = driver.machine.names
        #expect(names == ["a": [at("10.0.0.1:1")]])
        let problems = driver.told.count { if case .problem = $0 { true } else { false } }
        #expect(problems == 3)
    }

    @Test("No order of events leaves it without a next step", arguments: 0..<300)
    func liveness(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let driver = Driver(members: 1 + Int(seed % 3), authenticates: seed % 2 == 0, pageLimit: 4)
        driver.on(.started)
        var open: [EtcdWatchMachine.Action] = []
        for _ in 0..<200 {
            for action in driver.last {
                if case .cancel(let gone) = action {
                    open.removeAll { $0.exchange == gone }
                } else {
                    open.append(action)
                }
            }
            // Something runs or a timer is armed: it can't stand still.
            #expect(!open.isEmpty || driver.wake != nil)
            guard let action = open.randomElement(using: &random), random.next() % 4 != 0 else {
                driver.sleep()
                continue
            }
            let choice = random.next() % 8
            guard let exchange = action.exchange else { continue }
            if choice < 2 {
                open.removeAll { $0.exchange == exchange }
                let failures: [EtcdFailure] = [
                    .connection("x"), .timeout, .compacted, .tooLarge, .unauthenticated("x"), .refused("x"),
                ]
                driver.on(.failed(exchange, failures[Int(random.next() % 6)]))
                continue
            }
            let revision = Int64(random.next() % 100)
            switch action {
            case .authenticate:
                open.removeAll { $0.exchange == exchange }
                driver.on(.authenticated(exchange))
            case .list:
                open.removeAll { $0.exchange == exchange }
                driver.on(
                    .page(
                        exchange,
                        EtcdPage(
                            cluster: "c",
                            revision: revision + 1,
                            entries: [put("a", "10.0.0.1:1")],
                            more: choice == 3
                        )
                    )
                )
            case .watch:
                driver.on(.frame(exchange, frame(revision, [put("b", "10.0.0.1:1")], fragment: choice == 4)))
            case .probe:
                open.removeAll { $0.exchange == exchange }
                driver.on(.probed(exchange, cluster: "c", revision: revision))
            default: break
            }
        }
    }
}

extension EtcdWatchMachine.Action {
    fileprivate var exchange: EtcdWatchMachine.Exchange? {
        switch self {
        case .authenticate(let exchange), .list(let exchange, _), .watch(let exchange, _),
            .probe(let exchange),
            .cancel(let exchange):
            exchange
        case .wake, .tell: nil
        }
    }
}
