import RegistryTestSupport
import Testing

@testable import Registration

private typealias Driver = RegistrationDriver

@Suite struct RegistrationEntriesTests {
    private static func names(_ range: Range<Int>) -> Set<String> { Set(range.map { "c\($0)" }) }

    @Test func `Entries are put and removed as names come and go, many with one request, under one lease`() {
        let driver = Driver()
        driver.start(Self.names(0..<150))
        #expect(driver.names == Self.names(0..<150))
        #expect(driver.batches == [64, 64, 22] && driver.leases.count == 1)
        driver.want(Self.names(100..<151))
        #expect(driver.names == Self.names(100..<151))
        driver.want([])
        #expect(driver.names.isEmpty)
        #expect(driver.outputs == [.registered(150), .registered(51), .registered(0)])
    }

    @Test func `Names that change during an outage are registered after it as they were wanted last`() {
        let driver = Driver(authenticates: true)
        driver.start(["a", "b"])
        driver.sleep(.seconds(60))
        #expect(driver.leases.count == 1 && driver.names == ["a", "b"])
        driver.isSilent = true
        driver.sleep(.seconds(15))
        driver.on(.wanted(["b", "c"]))
        driver.pending = []
        driver.isSilent = false
        driver.sleep(.seconds(10))
        #expect(driver.names == ["b", "c"])
        #expect(driver.outputs.contains(.lost("no response in time")))
        #expect(driver.outputs.last == .registered(2))
        let failing = driver.outputs.count { if case .failing = $0 { true } else { false } }
        #expect(failing == 1, "it is reported once")
    }

    @Test func `An entry that somebody has removed is put again, and the check changes nothing else`() {
        let driver = Driver()
        driver.start(["a", "b"])
        driver.store["a"] = nil
        let revision = driver.store["b"]?.revision
        driver.sleep(.seconds(65))
        #expect(driver.names == ["a", "b"] && driver.store["b"]?.revision == revision)
    }

    @Test func `Names that change while a request runs end as they were wanted last`() {
        let driver = Driver()
        driver.on(.started)
        driver.on(.wanted(["a"]))
        driver.on(.wanted(["a", "b"]))
        driver.on(.wanted(["b"]))
        driver.run()
        #expect(driver.names == ["b"])
        driver.on(.wanted([]))
        driver.on(.wanted(["b"]))
        driver.run()
        #expect(driver.names == ["b"])
        driver.on(.wanted(["c"]))
        driver.on(.wanted(["b", "c"]))
        driver.on(.wanted(["c"]))
        driver.run()
        #expect(driver.names == ["c"])
    }

    @Test func `The number of entries is bounded; more are reported once and left out`() {
        let driver = Driver()
        driver.start(Self.names(0..<(RegistrationMachine.Limit.entries + 10)))
        driver.want(Self.names(0..<(RegistrationMachine.Limit.entries + 11)))
        #expect(driver.names.count == RegistrationMachine.Limit.entries)
        #expect(driver.outputs.count { if case .tooMany = $0 { true } else { false } } == 1)
        #expect(driver.batches.max() == RegistrationMachine.Limit.batch)
    }
}
