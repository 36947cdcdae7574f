import EtcdClient
import Names
import RegistryClient
import RegistryTestSupport
import Testing

@testable import EtcdNames

@Suite struct EtcdLimitTests {
    private func entries(_ names: String...) -> [EtcdEntry] { names.map { put($0, "10.0.0.1:1") } }

    private func page(_ revision: Int64, _ entries: [EtcdEntry], more: Bool = false) -> EtcdPage {
        EtcdPage(cluster: "c", revision: revision, entries: entries, more: more)
    }

    @Test func `A flood of new keys takes no name away, and is reported once`() throws {
        let driver = WatchDriver(maxEndpoints: 3)
        let watch = try driver.reachWatch()
        driver.on(.frame(watch, frame(11, entries("b", "c", "d", "e"))))
        driver.on(.frame(watch, frame(12, entries("f"))))
        #expect(driver.names == ["a", "b", "c"])
        #expect(
            driver.warnings == [
                "more endpoints below /h/ than max_endpoints (3): further names are not served"
            ]
        )
        // Those in force follow their changes.
        driver.on(.frame(watch, frame(13, [put("a", "10.0.0.9:1"), delete("c")])))
        let a = driver.machine.names["a"]
        #expect(a == [at("10.0.0.9:1")])
        #expect(driver.names == ["a", "b"])
    }

    @Test func `Of a list that is too long the names in force stay, and what is left of it is not read`()
        throws
    {
        let driver = WatchDriver(pageLimit: 2, maxEndpoints: 2)
        driver.on(.started)
        driver.on(.page(try #require(driver.list).0, page(5, entries("m", "z"))))
        let watch = try #require(driver.watch).0
        var compacted = EtcdFrame(cluster: "c", revision: 9)
        compacted.compacted = true
        driver.on(.frame(watch, compacted))
        // Keys before and after those in force.
        driver.on(.page(try #require(driver.list).0, page(9, entries("a", "b"), more: true)))
        driver.on(.page(try #require(driver.list).0, page(9, entries("m", "n"), more: true)))
        driver.on(.page(try #require(driver.list).0, page(9, entries("z", "zz"), more: true)))
        #expect(driver.list == nil, "nothing that follows can be served")
        #expect(driver.watch?.1 == 10)
        #expect(driver.names == ["m", "z"])
        #expect(driver.warnings.count == 1)
    }

    @Test func `A first list that is too long is cut, and read again when there is room`() throws {
        let driver = WatchDriver(pageLimit: 10, maxEndpoints: 10)
        let names = (10..<30).map { "n\($0)" }
        driver.on(.started)
        driver.on(
            .page(
                try #require(driver.list).0,
                page(5, names.prefix(10).map { put($0, "10.0.0.1:1") }, more: true)
            )
        )
        driver.on(
            .page(
                try #require(driver.list).0,
                page(5, names.suffix(10).map { put($0, "10.0.0.1:1") }, more: true)
            )
        )
        #expect(driver.list == nil && driver.names == Set(names.prefix(10)))
        let watch = try #require(driver.watch).0
        driver.on(.frame(watch, frame(6, [delete("n10"), delete("n11")])))
        #expect(driver.names.count == 8)
        // Not at once: a list is costly.
        driver.list(passes: .seconds(50))
        #expect(!driver.listed)
        driver.list(passes: .seconds(20))
        #expect(driver.listed)
    }

    @Test func `Malformed entries of a list are reported one by one up to a maximum`() throws {
        let driver = WatchDriver()
        driver.on(.started)
        let bad = (0..<(EtcdListing.maxProblems + 50)).map { put("n\($0)", nil) }
        driver.on(.page(try #require(driver.list).0, page(5, bad + entries("good"))))
        #expect(
            driver.emitted.count { if case .problem = $0 { true } else { false } } == EtcdListing.maxProblems
        )
        #expect(driver.warnings == ["50 more entries are malformed"])
        #expect(driver.names == ["good"])
    }

    @Test func `Endpoints are counted, not names`() {
        var names = BoundedNames(maximum: 4)
        let addresses = (1...4).map { at("10.0.0.\($0):1") }
        #expect(names.set("a", Array(addresses.prefix(3))) == true)
        #expect(names.set("b", Array(addresses.prefix(2))) == false)
        #expect(names.set("b", Array(addresses.prefix(1))) && names.endpoints == 4)
        #expect(names.set("a", Array(addresses.suffix(3))) == true, "it exchanges what it has")
        #expect(names.set("a", addresses) == false)
        names.remove("b")
        #expect(names.set("a", addresses) && names.endpoints == 4)
        #expect(!names.hasRoom)
    }
}
