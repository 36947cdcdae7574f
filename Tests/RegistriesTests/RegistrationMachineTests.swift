import Names
import Routing
import Settings
import Testing

@testable import Registries

private typealias Machine = RegistrationMachine

private final class Driver {
    var machine: RegistrationMachine
    var now = Duration.zero
    var told: [RegistrationMachine.News] = []
    /// The one thing that was asked for.
    var asked: RegistrationMachine.Action?
    var wake: Duration?
    var random: UInt64 = 7

    init(members: Int = 1, authenticates: Bool = false, ttl: Int64 = 10) {
        var settings = RegistrationMachine.Settings(
            instance: "me",
            address: .init(address: at("10.0.0.5:1").address, port: 9000)
        )
        settings.members = members
        settings.ttl = ttl
        settings.authenticates = authenticates
        machine = RegistrationMachine(settings)
    }

    func on(_ event: RegistrationMachine.Event) {
        asked = nil
        for action in machine.handle(event, now: now, random: random) {
            switch action {
            case .tell(let news): told.append(news)
            case .wake(let moment): wake = moment
            case .cancel: break
            default: asked = action
            }
        }
    }

    func sleep() {
        now = max(now, wake ?? now)
        wake = nil
        on(.timer)
    }

    var exchange: RegistrationMachine.Exchange {
        get throws {
            switch try #require(asked) {
            case .authenticate(let exchange), .grant(let exchange, _), .claim(let exchange, _, _),
                .inspect(let exchange, _), .renew(let exchange, _), .revoke(let exchange, _):
                return exchange
            case .cancel, .wake, .tell: throw NotInTime(description: "nothing was asked")
            }
        }
    }

    func register() throws {
        on(.started)
        on(.granted(try exchange, lease: 77, ttl: 10))
        guard case .claim(let claim, lease: 77, replacing: nil)? = asked else {
            throw NotInTime(description: "no claim")
        }
        on(.claimed(claim))
    }
}

private func holder(_ instance: String?, _ address: String, lease: Int64 = 5) -> RegistrationMachine.Owner {
    .init(instance: instance, addresses: [at(address)], lease: lease, modRevision: 33, text: "")
}

@Suite("Registration: the machine")
struct RegistrationMachineTests {
    @Test("A lease, a claim, then a renewal at each third of the lease")
    func life() throws {
        let driver = Driver()
        try driver.register()
        #expect(driver.told == [.registered])
        for _ in 0..<5 {
            let before = driver.now
            driver.sleep()
            #expect(driver.now - before == .seconds(10) / 3)
            guard case .renew(let exchange, lease: 77)? = driver.asked else {
                Issue.record("no renewal")
                return
            }
            driver.on(.renewed(exchange, ttl: 10))
        }
        #expect(driver.told == [.registered])
    }

    @Test("MismatchLocator revokes the lease; nothing follows")
    func withdrawal() throws {
        let driver = Driver()
        try driver.register()
        driver.on(.stopped)
        guard case .revoke(let exchange, lease: 77)? = driver.asked else {
            Issue.record("not revoked")
            return
        }
        driver.on(.revoked(exchange))
        #expect(driver.told == [.registered, .ended(withdrawn: true)])
        driver.on(.timer)
        #expect(driver.asked == nil)
    }

    @Test("A withdrawal that nobody answers ends within its limit")
    func withdrawalWithoutAnswer() throws {
        let driver = Driver(members: 2)
        try driver.register()
        let start = driver.now
        driver.on(.stopped)
        while driver.told.last != .ended(withdrawn: false), driver.now - start < .seconds(60) {
            driver.sleep()
        }
        #expect(driver.told.last == .ended(withdrawn: false))
        #expect(driver.now - start <= .seconds(5))
    }

    @Test("MismatchLocator before there is a lease ends at once")
    func earlyStop() {
        let driver = Driver()
        driver.on(.started)
        driver.on(.stopped)
        #expect(driver.told == [.ended(withdrawn: true)])
    }

    @Test("A name of another instance is an error that says who, and is not taken")
    func held() throws {
        for other in [holder("you", "10.0.0.6:9000"), holder(nil, "10.0.0.5:9000", lease: 0)] {
            let driver = Driver()
            driver.on(.started)
            driver.on(.granted(try driver.exchange, lease: 77, ttl: 10))
            driver.on(.held(try driver.exchange, other))
            #expect(driver.told == [.held(other)])
            driver.sleep()
            guard case .grant? = driver.asked else {
                Issue.record("not tried again: \(String(describing: driver.asked))")
                return
            }
        }
    }

    @Test("Our own entry is taken over at once, and only in the state that was seen")
    func ourOwn() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.granted(try driver.exchange, lease: 77, ttl: 10))
        driver.on(.held(try driver.exchange, holder("me", "10.0.0.5:9000")))
        guard case .claim(_, lease: 77, replacing: 33)? = driver.asked else {
            Issue.record("not taken over")
            return
        }
    }

    @Test("After a crash the entry of the same address is replaced once nobody renews its lease")
    func crash() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.granted(try driver.exchange, lease: 77, ttl: 10))
        for left: Int64 in [9, 8, 6, 4] {
            driver.on(.held(try driver.exchange, holder("before", "10.0.0.5:9000")))
            guard case .inspect(let exchange, lease: 5)? = driver.asked else {
                Issue.record("not looked at")
                return
            }
            driver.on(.leaseSeen(exchange, remaining: left, granted: 10))
            driver.sleep()
        }
        driver.on(.held(try driver.exchange, holder("before", "10.0.0.5:9000")))
        driver.on(.leaseSeen(try driver.exchange, remaining: 3, granted: 10))
        guard case .claim(_, lease: 77, replacing: 33)? = driver.asked else {
            Issue.record("not replaced")
            return
        }
        #expect(driver.told.isEmpty)
    }

    @Test("The same address with a lease that is renewed is another instance that lives")
    func twin() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.granted(try driver.exchange, lease: 77, ttl: 10))
        let twin = holder("twin", "10.0.0.5:9000")
        for left: Int64 in [7, 6, 9] {
            driver.on(.held(try driver.exchange, twin))
            driver.on(.leaseSeen(try driver.exchange, remaining: left, granted: 10))
            if left != 9 { driver.sleep() }
        }
        #expect(driver.told == [.held(twin)])
    }

    @Test("A lease that ran out leads to a new one and a new claim")
    func lost() throws {
        let driver = Driver()
        try driver.register()
        driver.sleep()
        driver.on(.renewed(try driver.exchange, ttl: 0))
        guard case .grant(let grant, ttl: 10)? = driver.asked else {
            Issue.record("no new lease")
            return
        }
        driver.on(.granted(grant, lease: 78, ttl: 10))
        driver.on(.claimed(try driver.exchange))
        #expect(driver.told == [.registered, .lost("the lease has run out"), .registered])
    }

    @Test("A token that has aged is renewed, and the lease right after it")
    func tokens() throws {
        let driver = Driver(authenticates: true)
        driver.on(.started)
        driver.on(.authenticated(try driver.exchange))
        driver.on(.granted(try driver.exchange, lease: 77, ttl: 10))
        driver.on(.claimed(try driver.exchange))
        driver.sleep()
        driver.on(.failed(try driver.exchange, .unauthenticated("invalid auth token")))
        driver.sleep()
        guard case .authenticate(let exchange)? = driver.asked else {
            Issue.record("no new token")
            return
        }
        driver.on(.authenticated(exchange))
        guard case .renew(_, lease: 77)? = driver.asked else {
            Issue.record("no renewal")
            return
        }
        #expect(driver.now < .seconds(5))
    }

    @Test("While etcd is away it goes on trying, says so once, and registers anew after the lease's end")
    func outage() throws {
        let driver = Driver(members: 2)
        try driver.register()
        let start = driver.now
        while driver.now - start < .seconds(60) {
            if driver.asked != nil { driver.on(.failed(try driver.exchange, .connection("refused"))) }
            driver.sleep()
        }
        #expect(driver.told.count { if case .trouble = $0 { true } else { false } } == 1)
        #expect(driver.told.count { if case .lost = $0 { true } else { false } } == 1)
        if driver.asked == nil { driver.sleep() }
        driver.on(.granted(try driver.exchange, lease: 78, ttl: 10))
        driver.on(.claimed(try driver.exchange))
        #expect(driver.told.last == .registered)
    }

    @Test(
        "With a short lease neither a wait nor a silent member takes more than a third of its life",
        arguments: [true, false]
    )
    func shortLease(answers: Bool) throws {
        let driver = Driver(members: 2, ttl: 2)
        // The longest waits.
        driver.random = 1023
        try driver.register()
        driver.sleep()
        let start = driver.now
        while driver.now - start < .seconds(20) {
            if answers, driver.asked != nil {
                driver.on(.failed(try driver.exchange, .connection("refused")))
            }
            let before = driver.now
            driver.sleep()
            #expect(driver.now - before <= .seconds(2) / 3)
        }
    }

    @Test(
        "An address is written with the registry, its members and the key",
        arguments: [
            ("etcd=http://a:1/berth/hosts/host_01", ["http://a:1"], "/berth/hosts/", "host_01"),
            ("etcd=https://a:1,b:2/x", ["https://a:1", "https://b:2"], "/", "x"),
        ]
    )
    func addresses(text: String, members: [String], prefix: String, name: String) throws {
        let address = try RegistrationAddress(text)
        #expect(address.cluster.endpoints == members)
        #expect(address.cluster.prefix == prefix)
        #expect(address.name == name)
    }

    @Test(
        "An address that names no key or no registry says how it is written",
        arguments: ["", "http://a/b", "etcd=a:1/b", "etcd=http://a:1", "etcd=http://a:1/", "etcd=http:///x"]
    )
    func badAddresses(text: String) {
        #expect(throws: RegistryError.self) { try RegistrationAddress(text) }
    }
}
