import EtcdClient
import Foundation
import Names
import RegistryClient
import RegistryTestSupport
import Testing

@testable import EtcdNames

@Suite struct EtcdWatchMachineTests {
    @Test func `Pages are read at the first one's revision, and the watch begins at the next`() throws {
        let driver = WatchDriver(pageLimit: 2)
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

    @Test func `After a disconnect the watch resumes right after the last revision`() throws {
        let driver = WatchDriver()
        let watch = try driver.reachWatch()
        driver.on(.frame(watch, frame(14, [put("b", "10.0.0.2:1")])))
        driver.on(.failed(watch, .connection("reset")))
        let downs = driver.downs
        #expect(downs == 1)
        driver.sleep()
        let (next, from) = try #require(driver.watch)
        #expect(from == 15)
        // Messages of the old stream are ignored.
        driver.on(.frame(watch, frame(99, [delete("a")])))
        driver.on(.frame(next, frame(15, [delete("a")])))
        driver.pass(.seconds(7), revision: 15)
        let names = driver.machine.names
        #expect(Set(names.keys) == ["b"])
        let snapshots = driver.snapshots
        #expect(snapshots == 1)
    }

    @Test func `A fragmented revision counts with its last fragment; a progress message counts`() throws {
        let driver = WatchDriver()
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

    @Test func `A bad value leaves the name as it was, in a watch and in a list`() throws {
        let driver = WatchDriver()
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
        let problems = driver.emitted.count { if case .problem = $0 { true } else { false } }
        #expect(problems == 3)
    }

    @Test
    func `A page that is too large is split into smaller ones, down to a key without its value`() throws {
        let driver = WatchDriver(pageLimit: 16)
        driver.on(.started)
        var requests: [EtcdPageRequest] = []
        for _ in 0..<4 {
            let list = try #require(driver.list)
            requests.append(list.1)
            driver.on(.failed(list.0, .tooLarge))
        }
        #expect(requests.map(\.limit) == [16, 4, 1, 1])
        #expect(requests.last?.keysOnly == true)
    }

    @Test func `An expired token is renewed once; a new one that is refused is a failure`() throws {
        let driver = WatchDriver(authenticates: true)
        driver.on(.started)
        guard case .send(let first, .authenticate)? = driver.last.first else {
            throw NotInTime(description: "no token")
        }
        driver.on(.authenticated(first))
        let list = try #require(driver.list)
        driver.on(.page(list.0, EtcdPage(cluster: "c", revision: 10, entries: [], more: false)))
        let watch = try #require(driver.watch).0
        driver.on(.failed(watch, .unauthenticated("invalid auth token")))
        guard case .send(let second, .authenticate)? = driver.last.last else {
            throw NotInTime(description: "no token")
        }
        driver.on(.authenticated(second))
        let next = try #require(driver.watch).0
        driver.on(.failed(next, .unauthenticated("invalid auth token")))
        let downs = driver.downs
        #expect(downs == 1)
        #expect(driver.last.allSatisfy { if case .send(_, .authenticate) = $0 { false } else { true } })
    }

    @Test
    func `Names of an earlier process are in force only while etcd is unreachable at the start`() throws {
        let kept = ["old": [at("10.0.0.9:1")]]
        let reached = WatchDriver(kept: kept)
        reached.on(.started)
        let list = try #require(reached.list).0
        reached.on(.page(list, EtcdPage(cluster: "c", revision: 5, entries: [], more: false)))
        let names = reached.machine.names
        #expect(names.isEmpty && reached.emitted.count == 1)

        let unreachable = WatchDriver(kept: kept)
        unreachable.on(.started)
        for _ in 0..<3 {
            unreachable.on(.failed(try #require(unreachable.list).0, .connection("refused")))
            unreachable.sleep()
        }
        guard case .snapshot(kept) = unreachable.emitted.first, case .down = unreachable.emitted.last,
            unreachable.emitted.count == 2
        else {
            Issue.record("emitted \(unreachable.emitted)")
            return
        }
    }
}
