import EtcdClient
import RegistryClient
import RegistryTestSupport
import Testing

@testable import Registration

private typealias Driver = RegistrationDriver

/// One name, as a tier registers itself, and many, as it registers the names that it serves.
private let sets: [Set<String>] = [["a"], Set((0..<100).map { "c\($0)" })]

@Suite struct RegistrationMachineTests {
    @Test(arguments: sets)
    func `A lease, a claim, then a renewal at each third of the lease`(names: Set<String>) {
        let driver = Driver()
        driver.start(names)
        #expect(driver.names == names && driver.outputs == [.registered(names.count)])
        driver.sleep(.seconds(20))
        let renewals = driver.requests.filter { if case .renew = $0.request { true } else { false } }.map(
            \.time
        )
        #expect(renewals == (1...6).map { Duration.seconds(10) / 3 * $0 })
        #expect(driver.outputs == [.registered(names.count)] && driver.leases.count == 1)
    }

    @Test(arguments: sets)
    func `A stop revokes the lease; nothing follows`(names: Set<String>) {
        let driver = Driver()
        driver.start(names)
        driver.on(.stopped)
        driver.run()
        #expect(driver.names.isEmpty && driver.outputs.last == .ended(withdrawn: true))
        let count = driver.requests.count
        driver.want(["late"])
        driver.on(.timer)
        #expect(driver.requests.count == count && driver.names.isEmpty)
    }

    @Test(arguments: [1, 2])
    func `A withdrawal without a response ends within its limit`(members: Int) {
        let driver = Driver(members: members)
        driver.start(["a"])
        let start = driver.now
        driver.isSilent = true
        driver.on(.stopped)
        while driver.outputs.last != .ended(withdrawn: false), driver.now - start < .seconds(60) {
            driver.sleep()
        }
        #expect(driver.outputs.last == .ended(withdrawn: false))
        #expect(driver.now - start <= .seconds(5))
    }

    @Test func `A stop before there is a lease ends at once`() {
        let driver = Driver()
        driver.isSilent = true
        driver.start(["a"])
        driver.on(.stopped)
        #expect(driver.outputs == [.ended(withdrawn: true)])

        let idle = Driver()
        idle.start([])
        #expect(idle.leases.isEmpty, "without entries there is no lease")
        idle.on(.stopped)
        #expect(idle.outputs == [.ended(withdrawn: true)])
    }

    @Test(arguments: sets)
    func `A lease that ran out leads to a new one and new claims`(names: Set<String>) {
        let driver = Driver()
        driver.start(names)
        driver.endLease(100)
        driver.sleep(.seconds(4))
        #expect(driver.names == names)
        let count = names.count
        #expect(
            driver.outputs == [.registered(count), .lost("the lease has run out"), .registered(count)]
        )
    }

    @Test
    func `An expired token is renewed at once, and then the lease; a new one that is refused is a failure`() {
        let driver = Driver(authenticates: true)
        driver.start(["a"])
        driver.isSilent = true
        driver.sleep()
        driver.fail(.unauthenticated("invalid auth token"))
        #expect(driver.pending.last?.request == .authenticate)
        driver.on(.authenticated(driver.pending.removeLast().token))
        #expect(driver.pending.last?.request == .renew(lease: 100) && driver.now < .seconds(5))
        #expect(driver.outputs == [.registered(1)], "an expired token is not a failure")
        driver.fail(.unauthenticated("invalid auth token"))
        #expect(driver.pending.isEmpty)
        #expect(driver.outputs.last == .failing("not authenticated: invalid auth token"))
    }

    @Test(arguments: sets)
    func `During an outage the machine retries, reports it once, and registers again after the lease's end`(
        names: Set<String>
    ) {
        let driver = Driver(members: 2)
        driver.start(names)
        let start = driver.now
        driver.isSilent = true
        while driver.now - start < .seconds(60) {
            driver.fail(.connection("refused"))
            driver.sleep()
        }
        #expect(driver.outputs.count { if case .failing = $0 { true } else { false } } == 1)
        #expect(driver.outputs.count { if case .lost = $0 { true } else { false } } == 1)
        driver.isSilent = false
        driver.sleep(.seconds(10))
        #expect(driver.outputs.last == .registered(names.count) && driver.names == names)
    }

    @Test(arguments: [true, false])
    func `With a short lease neither a wait nor a silent member takes more than a third of its life`(
        responds: Bool
    ) {
        let driver = Driver(members: 2, ttl: 2)
        // The longest waits.
        driver.random = 1023
        driver.start(["a"])
        driver.isSilent = true
        driver.sleep()
        let start = driver.now
        while driver.now - start < .seconds(20) {
            if responds { driver.fail(.connection("refused")) }
            let before = driver.now
            driver.sleep()
            #expect(driver.now - before <= .seconds(2) / 3)
        }
    }

    @Test func `A claim whose response is lost is repeated, and its effect is found`() {
        let driver = Driver()
        driver.start(["a"])
        driver.isSilent = true
        driver.on(.wanted(["a", "b"]))
        // The claim succeeds, and its response is lost.
        driver.store["b"] = Driver.Entry(instance: "me", lease: 100, revision: 9)
        driver.pending = []
        driver.isSilent = false
        driver.sleep(.seconds(5))
        #expect(driver.names == ["a", "b"] && driver.store["b"]?.revision == 9)
        #expect(driver.outputs.last == .registered(2))
    }
}
