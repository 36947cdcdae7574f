import Names
import Routing
import Testing

@testable import Registries

private let here = at("10.0.0.5:9000")

/// A registry in memory, and the machine that publishes into it.
private final class Driver {
    struct Entry: Equatable {
        var instance: String
        var address = here
        var lease: Int64
        var revision: Int64
    }

    var machine: PublicationMachine
    var now = Duration.zero
    var store: [String: Entry] = [:]
    var leases: Set<Int64> = []
    var open: [PublicationMachine.Action] = []
    var news: [PublicationMachine.News] = []
    var batches: [Int] = []
    var claimed = 0
    var revision: Int64 = 1
    var wake: Duration?
    /// Answers nothing.
    var isDown = false

    init(authenticates: Bool = false) {
        var settings = PublicationMachine.Settings(
            instance: "me",
            address: Endpoint(address: here.address, port: here.port ?? 0)
        )
        settings.authenticates = authenticates
        machine = PublicationMachine(settings)
    }

    var names: Set<String> { Set(store.filter { $0.value.instance == "me" }.keys) }

    func on(_ event: PublicationMachine.Event) {
        for action in machine.handle(event, now: now, random: 7) {
            switch action {
            case .tell(let one): news.append(one)
            case .wake(let moment): wake = moment
            case .cancel: open = []
            default: open.append(action)
            }
        }
    }

    /// Answers until nothing is asked any more.
    func run() {
        while !isDown, !open.isEmpty { answer(open.removeFirst()) }
    }

    func want(_ names: Set<String>) {
        on(.wanted(names))
        run()
    }

    /// Time goes on; what is to happen until then happens.
    func sleep(_ time: Duration) {
        let end = now + time
        while let next = wake, next <= end {
            wake = nil
            now = max(now, next)
            on(.timer)
            run()
        }
        now = end
    }

    func crashLease(_ lease: Int64) {
        leases.remove(lease)
        store = store.filter { $0.value.lease != lease }
    }

    private func answer(_ action: PublicationMachine.Action) {
        switch action {
        case .authenticate(let exchange): on(.authenticated(exchange))
        case .grant(let exchange, let ttl):
            let lease = Int64(100 + leases.count)
            leases.insert(lease)
            on(.granted(exchange, lease: lease, ttl: ttl))
        case .claim(let exchange, let lease, let claims):
            guard leases.contains(lease) else { return on(.failed(exchange, .leaseGone)) }
            batches.append(claims.count)
            claimed += claims.count
            var results: [String: PublicationMachine.Claimed] = [:]
            for claim in claims {
                if let there = store[claim.name], there.revision != claim.replacing {
                    results[claim.name] = .held(
                        .init(
                            instance: there.instance,
                            addresses: [there.address],
                            lease: there.lease,
                            modRevision: there.revision,
                            text: ""
                        )
                    )
                } else {
                    revision += 1
                    store[claim.name] = Entry(instance: "me", lease: lease, revision: revision)
                    results[claim.name] = .done
                }
            }
            on(.claimed(exchange, results))
        case .remove(let exchange, let lease, let names):
            for name in names where store[name]?.lease == lease { store[name] = nil }
            on(.removed(exchange))
        case .renew(let exchange, let lease): on(.renewed(exchange, ttl: leases.contains(lease) ? 10 : 0))
        case .revoke(let exchange, let lease):
            crashLease(lease)
            on(.revoked(exchange))
        case .cancel, .wake, .tell: break
        }
    }
}

@Suite("Publication: the machine")
struct PublicationMachineTests {
    private static func names(_ range: Range<Int>) -> Set<String> { Set(range.map { "c\($0)" }) }

    @Test("Names are put as they come and taken away as they go, many with one exchange, under one lease")
    func life() {
        let driver = Driver()
        driver.on(.started)
        #expect(driver.leases.isEmpty, "without a name nothing is asked for")
        driver.want(Self.names(0..<150))
        #expect(driver.names == Self.names(0..<150))
        #expect(driver.batches == [64, 64, 22] && driver.leases.count == 1)
        driver.want(Self.names(100..<151))
        #expect(driver.names == Self.names(100..<151))
        driver.want([])
        #expect(driver.names.isEmpty && driver.news == [.published(150), .published(51), .published(0)])
    }

    @Test("The lease is renewed at each third of its life, and everything is put again when it was lost")
    func lease() {
        let driver = Driver(authenticates: true)
        driver.on(.started)
        driver.run()
        driver.want(["a", "b"])
        driver.sleep(.seconds(60))
        #expect(driver.leases == [100] && driver.names == ["a", "b"])
        driver.isDown = true
        driver.sleep(.seconds(15))
        driver.crashLease(100)
        driver.on(.wanted(["b", "c"]))
        driver.isDown = false
        driver.open = []
        driver.sleep(.seconds(10))
        #expect(driver.names == ["b", "c"])
        #expect(driver.news.contains(.lost("no answer in time")))
        #expect(driver.news.last == .published(2))
        let troubles = driver.news.count { if case .trouble = $0 { true } else { false } }
        #expect(troubles == 1, "it is said once")
    }

    @Test("What somebody else holds is said once, left as it is, and taken when it is free")
    func held() throws {
        let driver = Driver()
        let other = Driver.Entry(instance: "other", address: at("10.0.0.6:9000"), lease: 7, revision: 1)
        let byHand = Driver.Entry(instance: "", lease: 0, revision: 1)
        driver.store = ["a": other, "hand": byHand]
        driver.on(.started)
        driver.want(["a", "b", "hand"])
        driver.sleep(.seconds(20))
        #expect(driver.store["a"] == other && driver.store["hand"] == byHand)
        #expect(driver.names == ["b"])
        let said = driver.news.compactMap { if case .held(let name, _) = $0 { name } else { nil } }
        #expect(said.sorted() == ["a", "hand"])
        driver.want(["b", "hand"])
        #expect(driver.store["a"] == other, "what is not ours is not removed")
        driver.store["hand"] = nil
        driver.sleep(.seconds(3))
        #expect(driver.names == ["b", "hand"])
    }

    @Test("What an earlier life left at the same address is taken over without having been away")
    func takeOver() {
        let driver = Driver()
        driver.store = ["a": Driver.Entry(instance: "before", lease: 7, revision: 5)]
        driver.on(.started)
        driver.want(["a"])
        #expect(driver.names == ["a"])
        driver.crashLease(7)
        #expect(driver.names == ["a"])
    }

    @Test("An entry that somebody has removed is put again, and looking after them changes nothing else")
    func check() {
        let driver = Driver()
        driver.on(.started)
        driver.want(["a", "b"])
        driver.store["a"] = nil
        let revision = driver.store["b"]?.revision
        driver.sleep(.seconds(65))
        #expect(driver.names == ["a", "b"] && driver.store["b"]?.revision == revision)
    }

    @Test("Names that change while an exchange runs end as they were wanted last")
    func races() throws {
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

    @Test("An answer that does not come is asked for again, and what it has done is found")
    func lostAnswer() throws {
        let driver = Driver()
        driver.on(.started)
        driver.isDown = true
        driver.on(.wanted(["a"]))
        driver.isDown = false
        driver.run()
        driver.isDown = true
        driver.on(.wanted(["a", "b"]))
        // Done, but nobody hears of it.
        driver.store["b"] = Driver.Entry(instance: "me", lease: 100, revision: 9)
        driver.open = []
        driver.isDown = false
        driver.sleep(.seconds(5))
        #expect(driver.names == ["a", "b"] && driver.store["b"]?.revision == 9)
        #expect(driver.news.last == .published(2))
    }

    @Test("So many names are published; more are said once and left out")
    func bounded() {
        let driver = Driver()
        driver.on(.started)
        driver.want(Self.names(0..<(PublicationMachine.Limit.names + 10)))
        driver.want(Self.names(0..<(PublicationMachine.Limit.names + 11)))
        #expect(driver.names.count == PublicationMachine.Limit.names)
        let said = driver.news.count { if case .tooMany = $0 { true } else { false } }
        #expect(said == 1)
        let largest = driver.batches.max() ?? 0
        #expect(largest == PublicationMachine.Limit.batch)
    }

    @Test("At the end all are gone with one exchange; a registry that does not answer is not waited for long")
    func end() {
        let driver = Driver()
        driver.on(.started)
        driver.want(["a", "b"])
        driver.on(.stopped)
        driver.run()
        #expect(driver.names.isEmpty && driver.news.last == .ended(withdrawn: true))
        driver.want(["c"])
        #expect(driver.names.isEmpty)

        let silent = Driver()
        silent.on(.started)
        silent.want(["a"])
        silent.isDown = true
        silent.on(.stopped)
        silent.sleep(.seconds(2))
        #expect(silent.news.last == .ended(withdrawn: false))

        let idle = Driver()
        idle.on(.started)
        idle.on(.stopped)
        #expect(idle.news == [.ended(withdrawn: true)])
    }
}
