import EtcdClient
import Foundation
import Names
import RegistryClient
import RegistryTestSupport
import Testing

@testable import EtcdNames

@Suite struct EtcdWatchOutageTests {
    @Test func `Other members are tried at once; when all have failed etcd is down, and waits grow`() throws {
        let driver = WatchDriver(members: 3)
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
        guard case .update(let set, let removed)? = driver.emitted.last else {
            Issue.record("the recovery was not emitted")
            return
        }
        #expect(set.isEmpty && removed.isEmpty)
    }

    @Test(
        arguments: [true, false],
        [true, false]
    )
    func `A name lost in an outage stays, and is removed if nobody registers it again in time`(
        relists: Bool,
        registers: Bool
    ) throws {
        let driver = WatchDriver()
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

        // The grace period is over: a host that leaves is removed at once.
        guard registers else { return }
        driver.on(.frame(watch, frame(14, [delete("a")])))
        let afterwards = driver.removed
        #expect(afterwards == ["a"])
    }

    @Test
    func `Compacted revisions lead to a new list at once, and the names stay until it has arrived`() throws {
        let driver = WatchDriver()
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

    @Test
    func `A silent watch is probed; a revision that it has not reported renews it from the last one`() throws
    {
        let driver = WatchDriver()
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
        // The same revision does not renew it again.
        var created = EtcdFrame(cluster: "c", revision: 12)
        created.created = true
        driver.on(.frame(renewed, created))
        driver.sleepUntilProbe()
        probe = try #require(driver.probe)
        driver.on(.probed(probe, cluster: "c", revision: 12))
        #expect(driver.watch == nil)
        // Without a response the next member is tried.
        driver.sleepUntilProbe()
        #expect(driver.probe != nil)
        driver.sleep()
        let downs = driver.downs
        #expect(downs == 1)
    }

    @Test func `A store that was restored to an earlier state, or another one, is listed again`() throws {
        for (cluster, revision) in [("c", 9), ("d", 50)] as [(String, Int64)] {
            let driver = WatchDriver()
            _ = try driver.reachWatch()
            driver.sleepUntilProbe()
            let probe = try #require(driver.probe)
            driver.on(.probed(probe, cluster: cluster, revision: revision))
            let list = try #require(driver.list)
            #expect(list.1.revision == nil)
        }
    }
}
