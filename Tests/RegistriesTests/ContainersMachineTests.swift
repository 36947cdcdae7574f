import Names
import Testing

@testable import Registries

private final class Driver {
    var machine = ContainersMachine(rules: ContainerNames())
    var now = Duration.zero
    var told: [NameSourceUpdate] = []
    var names: [String: [NamedAddress]] = [:]
    var looks: [(ContainersMachine.Exchange, String)] = []
    var stream: ContainersMachine.Exchange?
    var list: ContainersMachine.Exchange?
    var wake: Duration?

    init() {}

    func on(_ event: ContainersMachine.Event) {
        for action in machine.handle(event, now: now, random: 7) {
            switch action {
            case .tell(let change):
                told.append(change)
                switch change {
                case .snapshot(let all): names = all
                case .update(let set, let removed):
                    names.merge(set) { $1 }
                    for name in removed { names[name] = nil }
                case .down, .problem: break
                }
            case .wake(let moment): wake = moment
            case .follow(let exchange): stream = exchange
            case .list(let exchange): list = exchange
            case .look(let exchange, let id): looks.append((exchange, id))
            case .cancel(let exchange):
                looks.removeAll { $0.0 == exchange }
                if stream == exchange { stream = nil }
                if list == exchange { list = nil }
            }
        }
    }

    func sleep() {
        now = max(now, wake ?? now)
        wake = nil
        on(.timer)
    }

    /// Answers every look that is open with the container as it is in `engine`.
    func answer(_ engine: [String: ContainerFacts]) {
        while !looks.isEmpty {
            let (exchange, id) = looks.removeFirst()
            if let facts = engine[id] { on(.looked(exchange, facts)) } else { on(.missing(exchange)) }
        }
    }

    func begin(_ engine: [String: ContainerFacts]) throws {
        on(.started)
        on(.listed(try #require(list), engine.keys.sorted()))
        answer(engine)
    }
}

private func container(_ id: String, _ name: String, _ address: String, start: String = "T1")
    -> ContainerFacts
{
    var facts = ContainerFacts(id: id, name: name, startedAt: start)
    facts.networks = ["n": .init(address: address)]
    facts.exposedPorts = [80]
    return facts
}

private func address(_ text: String, _ identity: String) -> [NamedAddress] {
    [at("\(text):80", identity: identity)]
}

@Suite("Following a container engine: the machine")
struct ContainersMachineTests {
    @Test("The first news is one snapshot of everybody that runs")
    func snapshot() throws {
        let driver = Driver()
        let engine = Dictionary(
            uniqueKeysWithValues: (0..<40).map { ("id\($0)", container("id\($0)", "c\($0)", "10.0.0.\($0)")) }
        )
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), engine.keys.sorted()))
        let atOnce = driver.looks.count
        #expect(atOnce == ContainersMachine.Limit.looks)
        #expect(driver.told.isEmpty)
        driver.answer(engine)
        #expect(driver.told.count == 1)
        #expect(driver.names.count == 40)
    }

    @Test("A container that dies is gone at once; one that starts on its address is somebody else")
    func takeOver() throws {
        let driver = Driver()
        var engine = ["a": container("a", "old", "10.0.0.2")]
        try driver.begin(engine)
        let stream = try #require(driver.stream)
        driver.on(.happened(stream, id: "a", .gone))
        #expect(driver.names.isEmpty)
        engine = ["b": container("b", "new", "10.0.0.2", start: "T2")]
        driver.on(.happened(stream, id: "b", .changed))
        driver.answer(engine)
        #expect(driver.names == ["new": address("10.0.0.2", "b@T2")])
    }

    @Test("A look that was under way when something happened does not count as the last word")
    func race() throws {
        let driver = Driver()
        let before = container("a", "web", "10.0.0.2")
        try driver.begin(["a": before])
        let stream = try #require(driver.stream)
        driver.on(.happened(stream, id: "a", .changed))
        let look = driver.looks.removeFirst().0
        driver.on(.happened(stream, id: "a", .gone))
        driver.on(.looked(look, before))
        // It was looked at before it died: looked at again, it is gone.
        driver.answer([:])
        #expect(driver.names.isEmpty)
    }

    @Test("A container that restarts again and again has to stay up before it is served")
    func debounce() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        let stream = try #require(driver.stream)
        var held: [Bool] = []
        for count in 0..<5 {
            driver.now += .milliseconds(100)
            driver.on(.happened(stream, id: "a", .gone))
            driver.answer(["a": container("a", "web", "10.0.0.2", start: "T\(count + 2)")])
            held.append(driver.names["web"] == nil)
            // The hold ends by itself.
            var steps = 0
            while driver.names["web"] == nil, steps < 10 {
                driver.sleep()
                steps += 1
            }
            #expect(driver.names["web"] != nil)
        }
        #expect(held == [false, false, true, true, true])
    }

    @Test("Two containers of one name are two addresses, in a fixed order")
    func shared() throws {
        let driver = Driver()
        var (one, two) = (container("a", "one", "10.0.0.2"), container("b", "two", "10.0.0.3"))
        one.labels["berth.name"] = "web"
        two.labels["berth.name"] = "web"
        try driver.begin(["b": two, "a": one])
        #expect(driver.names == ["web": address("10.0.0.2", "a@T1") + address("10.0.0.3", "b@T1")])
    }

    @Test("When the engine dies the names stay, it is said once, and a fresh list follows")
    func reconnect() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2"), "b": container("b", "shop", "10.0.0.3")])
        driver.on(.failed(try #require(driver.stream), "closed"))
        #expect(driver.names.count == 2)
        for _ in 0..<3 {
            driver.sleep()
            driver.on(.failed(try #require(driver.stream), "refused"))
        }
        #expect(driver.told.count { if case .down = $0 { true } else { false } } == 1)
        driver.sleep()
        driver.on(.listed(try #require(driver.list), ["b"]))
        #expect(driver.names.count == 2)
        driver.answer(["b": container("b", "shop", "10.0.0.3")])
        #expect(driver.names == ["shop": address("10.0.0.3", "b@T1")])
    }

    @Test("An engine that hangs is left; one container that can't be read hurts no other")
    func hostile() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        let stream = try #require(driver.stream)
        driver.on(.happened(stream, id: "x", .changed))
        driver.on(.unreadable(driver.looks.removeFirst().0, "half"))
        #expect(driver.names.count == 1)
        #expect(driver.told.count { if case .problem = $0 { true } else { false } } == 1)
        driver.on(.happened(stream, id: "y", .changed))
        driver.sleep()
        #expect(driver.names.count == 1)
        #expect(driver.told.contains { if case .down = $0 { true } else { false } })
    }

    @Test("A container that the engine can't describe in time is passed over, and the others are served")
    func oneHangs() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), ["a", "b", "hangs"]))
        driver.now += .milliseconds(10)
        let silent = try #require(driver.looks.first { $0.1 == "hangs" })
        driver.looks.removeAll { $0.1 == "hangs" }
        driver.answer(["a": container("a", "web", "10.0.0.2"), "b": container("b", "shop", "10.0.0.3")])
        #expect(driver.told.isEmpty, "it may have a name as well")
        driver.sleep()
        #expect(Set(driver.names.keys) == ["web", "shop"])
        #expect(driver.told.contains { if case .problem = $0 { true } else { false } })
        #expect(!driver.told.contains { if case .down = $0 { true } else { false } })
        // What it says at last is not heard: nobody waits for it.
        driver.on(.looked(silent.0, container("hangs", "late", "10.0.0.4")))
        #expect(driver.names.count == 2)
    }

    @Test("A look whose connection breaks is made once more; then that container alone is passed over")
    func oneBreaks() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), ["a", "breaks", "once"]))
        let once = try #require(driver.looks.firstIndex { $0.1 == "once" })
        driver.on(.failed(driver.looks.remove(at: once).0, "closed"))
        while let look = driver.looks.first(where: { $0.1 == "breaks" }) {
            driver.looks.removeAll { $0.0 == look.0 }
            driver.on(.failed(look.0, "closed"))
        }
        driver.answer(["a": container("a", "web", "10.0.0.2"), "once": container("once", "shop", "10.0.0.3")])
        #expect(Set(driver.names.keys) == ["web", "shop"])
        #expect(!driver.told.contains { if case .down = $0 { true } else { false } })
    }

    @Test("An engine that names more containers than there may be has the first of them followed")
    func giantList() throws {
        let driver = Driver()
        let ids = (0..<(ContainersMachine.Limit.containers + 5)).map { "id\($0)" }
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), ids + ids))
        while !driver.looks.isEmpty {
            let (exchange, id) = driver.looks.removeFirst()
            driver.on(.looked(exchange, container(id, "c\(id)", "10.0.0.2")))
        }
        #expect(driver.names.count == ContainersMachine.Limit.containers)
        let problems = driver.told.count { if case .problem = $0 { true } else { false } }
        #expect(problems == 1 && driver.told.count == 2)
    }

    @Test("Containers that events make up, and nobody can describe, are bounded")
    func madeUp() throws {
        let driver = Driver()
        try driver.begin([:])
        let stream = try #require(driver.stream)
        for index in 0..<(ContainersMachine.Limit.containers + 50) {
            driver.on(.happened(stream, id: "x\(index)", .changed))
            while !driver.looks.isEmpty { driver.on(.unreadable(driver.looks.removeFirst().0, "status 500")) }
        }
        let count = driver.machine.containers.count
        #expect(count == ContainersMachine.Limit.containers)
        #expect(driver.names.isEmpty)
    }

    @Test("What no event told is known after the next list")
    func relist() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        driver.list = nil
        for _ in 0..<5 where driver.list == nil { driver.sleep() }
        driver.on(.listed(try #require(driver.list), ["c"]))
        driver.answer(["c": container("c", "new", "10.0.0.9")])
        #expect(driver.names == ["new": address("10.0.0.9", "c@T1")])
    }
}
