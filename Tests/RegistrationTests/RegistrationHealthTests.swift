import Names
import RegistryTestSupport
import Testing

@testable import Registration

private typealias Driver = RegistrationDriver

/// The health that is published with entries.
@Suite struct RegistrationHealthTests {
    private static func names(_ range: Range<Int>) -> Set<String> { Set(range.map { "c\($0)" }) }
    private static func all(_ health: PublishedHealth, _ range: Range<Int>) -> [String: PublishedHealth] {
        Dictionary(uniqueKeysWithValues: range.map { ("c\($0)", health) })
    }

    @Test func `An entry is put with its health, and put again where that changes; others are not touched`() {
        let driver = Driver()
        driver.start([])
        driver.want(["a", "b", "c"], health: ["a": .up, "b": .up])
        #expect(driver.healths == ["a": .up, "b": .up] && driver.batches == [3])
        let untouched = driver.store["b"]?.revision
        driver.want(["a", "b", "c"], health: ["a": .down, "b": .up])
        #expect(driver.healths == ["a": .down, "b": .up] && driver.batches == [3, 1])
        #expect(driver.store["b"]?.revision == untouched)
        driver.sleep(.seconds(1))
        driver.want(["a", "b", "c"])
        #expect(driver.healths.isEmpty && driver.names == ["a", "b", "c"])
        #expect(driver.leases.count == 1)
        #expect(driver.outputs == [.registered(3)])
    }

    @Test func `Changes are written at most so many at a time, the oldest first`() {
        let driver = Driver()
        let range = 0..<300
        driver.start([])
        driver.want(Self.names(range), health: Self.all(.up, range))
        driver.requests = []
        var health = Self.all(.up, range)
        health["c299"] = .down
        driver.want(Self.names(range), health: health)
        driver.want(Self.names(range), health: Self.all(.down, range))
        #expect(driver.batches == [1], "the first at once, the others after it")
        let begin = driver.now
        while driver.healths.values.contains(.up) { driver.sleep() }
        let writes = driver.requests.compactMap { time, request -> (Duration, Int)? in
            guard case .claim(_, let claims) = request else { return nil }
            return (time - begin, claims.count)
        }
        #expect(writes.map(\.1) == [1, 64, 64, 64, 64, 43])
        for (index, write) in writes.enumerated() {
            #expect(write.0 == RegistrationMachine.Limit.healthInterval * index)
        }
    }

    @Test func `Of a health that flaps only what is true at the time is written`() {
        let driver = Driver()
        driver.start([])
        driver.want(["a", "b"], health: ["a": .up, "b": .up])
        driver.want(["a", "b"], health: ["a": .down, "b": .up])
        for _ in 0..<100 {
            driver.want(["a", "b"], health: ["a": .up, "b": .down])
            driver.want(["a", "b"], health: ["a": .down, "b": .up])
        }
        driver.sleep(.seconds(5))
        #expect(driver.healths == ["a": .down, "b": .up])
        #expect(driver.batches == [2, 1])
    }

    @Test func `After an outage, and after a lost lease, entries have the health of then`() {
        let driver = Driver()
        driver.start([])
        driver.want(["a"], health: ["a": .up])
        driver.isSilent = true
        driver.want(["a"], health: ["a": .down])
        driver.sleep(.seconds(30))
        driver.pending = []
        driver.isSilent = false
        driver.sleep(.seconds(15))
        #expect(driver.healths == ["a": .down])
        driver.want(["a"], health: ["a": .up])
        driver.sleep(.seconds(1))
        #expect(driver.healths == ["a": .up])
    }

    @Test func `An entry that somebody has replaced is theirs, whatever its health`() {
        let driver = Driver()
        driver.start([])
        driver.want(["a", "b"], health: ["a": .up, "b": .up])
        driver.put(["a"], .init(instance: nil, lease: 0, revision: 999))
        driver.want(["a", "b"], health: ["a": .down, "b": .down])
        #expect(driver.store["a"]?.revision == 999 && driver.healths == ["b": .down])
        #expect(driver.held == ["a"])
        // Removed: ours again, as it is then.
        driver.store["a"] = nil
        driver.sleep(.seconds(10))
        #expect(driver.healths == ["a": .down, "b": .down])
    }

    @Test func `Nothing is kept of names that are gone`() {
        var healths = EntryHealths()
        for number in 0..<1000 {
            healths.want(["c\(number)": .down], among: ["c\(number)"])
            healths.wrote(.down, to: "c\(number)")
        }
        healths.want([:], among: [String]())
        #expect(healths.due(.seconds(1), limit: 64) { _ in true }.isEmpty)
        #expect(healths["c999"] == nil)
    }
}
