import EtcdClient
import RegistryTestSupport
import Testing

@testable import Registration

private typealias Driver = RegistrationDriver

/// One name, as a tier registers itself, and many, as it registers the names that it serves.
private let sets: [Set<String>] = [["a"], Set((0..<100).map { "c\($0)" })]

@Suite struct RegistrationOwnerTests {
    @Test(
        arguments: sets,
        [
            Driver.Entry(instance: "other", address: at("10.0.0.6:9000"), lease: 7, revision: 1),
            Driver.Entry(instance: nil, lease: 0, revision: 1),
            Driver.Entry(instance: "me", lease: 0, revision: 1),
        ]
    )
    func `A name of another instance or of an operator is reported once, and taken when it is free`(
        names: Set<String>,
        entry: RegistrationDriver.Entry
    ) {
        let driver = Driver()
        driver.put(names, entry, renewed: true)
        driver.start(names.union(["free"]))
        driver.sleep(.seconds(20))
        #expect(names.allSatisfy { driver.store[$0] == entry })
        #expect(driver.store["free"]?.lease != entry.lease)
        #expect(driver.held.sorted() == names.sorted(), "once")
        driver.want(["free"])
        #expect(names.allSatisfy { driver.store[$0] == entry }, "entries of others are not removed")
        driver.want(names.union(["free"]))
        driver.endLease(entry.lease)
        driver.store = driver.store.filter { $0.key == "free" }
        driver.sleep(.seconds(3))
        #expect(driver.names == names.union(["free"]))
    }

    @Test func `An entry of this instance under an earlier lease is replaced at once, as it was seen`() {
        let driver = Driver()
        driver.put(["a"], Driver.Entry(instance: "me", lease: 7, revision: 33))
        driver.start(["a"])
        #expect(driver.store["a"]?.lease == 107)
        let replaced = driver.count {
            $0 == .claim(lease: 107, [RegistrationMachine.Claim(name: "a", replacing: 33)])
        }
        #expect(replaced == 1)
    }

    @Test(
        arguments: sets,
        [2, 10] as [Int64]
    )
    func `After a crash entries at the same address are replaced when nobody renews their lease`(
        names: Set<String>,
        ttl: Int64
    ) {
        let driver = Driver(ttl: ttl)
        driver.put(names, Driver.Entry(instance: "before", lease: 7, revision: 33), ttl: .seconds(ttl))
        driver.start(names)
        var absent = 0
        while driver.now < .seconds(ttl * 2) {
            driver.sleep()
            absent += names.count { driver.store[$0] == nil }
        }
        #expect(driver.names == names && absent == 0)
        #expect(driver.outputs == [.registered(names.count)])
    }

    @Test(
        arguments: sets,
        [2, 10] as [Int64]
    )
    func `The same address under a lease that is renewed is another tier, which keeps its entries`(
        names: Set<String>,
        ttl: Int64
    ) {
        let driver = Driver(ttl: ttl)
        let twin = Driver.Entry(instance: "twin", lease: 7, revision: 33)
        driver.put(names, twin, ttl: .seconds(ttl), renewed: true)
        driver.start(names)
        driver.sleep(.seconds(ttl))
        #expect(driver.held.sorted() == names.sorted())
        driver.sleep(.seconds(120))
        #expect(names.allSatisfy { driver.store[$0] == twin })
        #expect(driver.held.count == names.count, "reported once")
        // One inspection for all the names of a lease.
        #expect(driver.count { $0 == .inspect(lease: 7) } < 350)
        // The twin crashes: its names are taken over.
        driver.leases[7]?.isRenewed = false
        driver.sleep(.seconds(ttl + 5))
        #expect(driver.names == names)
    }

    @Test func `Of two tiers with one address the first keeps the names, also after checks of the other`() {
        let driver = Driver()
        driver.start(["a"])
        // Somebody removes the entry, and a twin puts its own.
        driver.put(["a"], Driver.Entry(instance: "twin", lease: 7, revision: 33), renewed: true)
        driver.sleep(.seconds(60))
        #expect(driver.store["a"]?.instance == "twin" && driver.held == ["a"])
    }

    @Test(arguments: sets)
    func `A second instance takes the names over at its start, and gives none back to the first`(
        names: Set<String>
    ) {
        let driver = Driver(takesOver: true)
        driver.put(names, Driver.Entry(instance: "twin", lease: 7, revision: 33), renewed: true)
        driver.start(names)
        #expect(driver.names == names && driver.held.isEmpty)
        // One that starts later takes them over in turn.
        driver.put(names, Driver.Entry(instance: "later", lease: 8, revision: 44), renewed: true)
        driver.sleep(.seconds(120))
        #expect(names.allSatisfy { driver.store[$0]?.instance == "later" })
        #expect(driver.held.sorted() == names.sorted(), "reported once")
    }

    @Test func `A second instance does not take over the name of another host`() {
        let driver = Driver(takesOver: true)
        let entry = Driver.Entry(instance: "other", address: at("10.0.0.6:9000"), lease: 7, revision: 1)
        driver.put(["a"], entry, renewed: true)
        driver.start(["a"])
        driver.sleep(.seconds(20))
        #expect(driver.store["a"] == entry && driver.held == ["a"])
    }

    @Test func `An entry that vanishes before it is replaced is put`() {
        let driver = Driver()
        driver.put(["a"], Driver.Entry(instance: "me", lease: 7, revision: 33))
        driver.isSilent = true
        driver.start(["a"])
        // Up to the claim that replaces revision 33.
        while let request = driver.pending.last?.request {
            if case .claim(_, let claims) = request, claims.first?.replacing == 33 { break }
            driver.respondOnce()
        }
        driver.store["a"] = nil
        driver.isSilent = false
        driver.run()
        #expect(driver.names == ["a"] && driver.requests.count < 10)
    }
}
