import Names
import RegistryClient
import RegistryTestSupport
import Testing

@testable import ContainerNames

private final class Driver {
    var machine: ContainersMachine
    var now = Duration.zero
    var emitted: [NameSourceUpdate] = []
    var names: [String: [NamedAddress]] = [:]
    var inspections: [(RequestToken, String)] = []
    var stream: RequestToken?
    var list: RequestToken?
    var wake: Duration?

    init(sharesNames: Bool = false, maxContainers: Int = 10_000) {
        machine = ContainersMachine(
            naming: ContainerNaming(),
            sharesNames: sharesNames,
            maxContainers: maxContainers
        )
    }

    var warnings: [String] {
        emitted.compactMap { if case .warning(let text) = $0 { text } else { nil } }
    }

    func on(_ event: ContainersMachine.Event) {
        for action in machine.handle(event, now: now, random: 7) {
            switch action {
            case .emit(let change):
                emitted.append(change)
                switch change {
                case .snapshot(let all): names = all
                case .update(let set, let removed):
                    names.merge(set) { $1 }
                    for name in removed { names[name] = nil }
                case .down, .problem, .warning: break
                }
            case .wake(let moment): wake = moment
            case .send(let token, .follow): stream = token
            case .send(let token, .list): list = token
            case .send(let token, .inspect(let id)): inspections.append((token, id))
            case .cancel(let token):
                inspections.removeAll { $0.0 == token }
                if stream == token { stream = nil }
                if list == token { list = nil }
            }
        }
    }

    func sleep() {
        now = max(now, wake ?? now)
        wake = nil
        on(.timer)
    }

    /// Responds to every open inspection with the container as it is in `engine`.
    func respond(_ engine: [String: ContainerFacts]) {
        while !inspections.isEmpty {
            let (token, id) = inspections.removeFirst()
            if let facts = engine[id] { on(.inspected(token, facts)) } else { on(.missing(token)) }
        }
    }

    func begin(_ engine: [String: ContainerFacts]) throws {
        on(.started)
        on(.listed(try #require(list), engine.keys.sorted()))
        respond(engine)
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

@Suite struct ContainersMachineTests {
    @Test func `The first update is one snapshot of all running containers`() throws {
        let driver = Driver()
        let engine = Dictionary(
            uniqueKeysWithValues: (0..<40).map { ("id\($0)", container("id\($0)", "c\($0)", "10.0.0.\($0)")) }
        )
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), engine.keys.sorted()))
        let atOnce = driver.inspections.count
        #expect(atOnce == ContainersMachine.Limit.inspections)
        #expect(driver.emitted.isEmpty)
        driver.respond(engine)
        #expect(driver.emitted.count == 1)
        #expect(driver.names.count == 40)
    }

    @Test
    func `A container that dies is removed at once; one that starts at its address is another one`() throws {
        let driver = Driver()
        var engine = ["a": container("a", "old", "10.0.0.2")]
        try driver.begin(engine)
        let stream = try #require(driver.stream)
        driver.on(.changed(stream, id: "a", .gone))
        #expect(driver.names.isEmpty)
        engine = ["b": container("b", "new", "10.0.0.2", start: "T2")]
        driver.on(.changed(stream, id: "b", .changed))
        driver.respond(engine)
        #expect(driver.names == ["new": address("10.0.0.2", "b@T2")])
    }

    @Test func `An inspection that was running during a change is repeated`() throws {
        let driver = Driver()
        let before = container("a", "web", "10.0.0.2")
        try driver.begin(["a": before])
        let stream = try #require(driver.stream)
        driver.on(.changed(stream, id: "a", .changed))
        let inspection = driver.inspections.removeFirst().0
        driver.on(.changed(stream, id: "a", .gone))
        driver.on(.inspected(inspection, before))
        // It was inspected before it died; inspected again, it is gone.
        driver.respond([:])
        #expect(driver.names.isEmpty)
    }

    @Test func `A container that restarts again and again has to stay up before it is served`() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        let stream = try #require(driver.stream)
        var held: [Bool] = []
        for count in 0..<5 {
            driver.now += .milliseconds(100)
            driver.on(.changed(stream, id: "a", .gone))
            driver.respond(["a": container("a", "web", "10.0.0.2", start: "T\(count + 2)")])
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

    @Test func `Two containers of one name are two addresses, in a fixed order`() throws {
        let driver = Driver()
        var (one, two) = (container("a", "one", "10.0.0.2"), container("b", "two", "10.0.0.3"))
        one.labels["berth.name"] = "web"
        two.labels["berth.name"] = "web"
        try driver.begin(["b": two, "a": one])
        #expect(driver.names == ["web": address("10.0.0.2", "a@T1") + address("10.0.0.3", "b@T1")])
    }

    @Test func `A name of containers of two projects is served to neither, and for a while after to none`()
        throws
    {
        let driver = Driver()
        func web(_ id: String, _ project: String, _ address: String) -> ContainerFacts {
            var facts = container(id, "\(project)-web-1", address)
            facts.labels["com.docker.compose.project"] = project
            facts.networks = ["\(project)_default": .init(address: address, aliases: ["web"])]
            return facts
        }
        let engine = ["a": web("a", "one", "10.1.0.2"), "b": web("b", "two", "10.2.0.2")]
        try driver.begin(engine)
        #expect(Set(driver.names.keys) == ["one-web-1", "two-web-1"])
        let report =
            "the name 'web' is not served: it belongs to containers of different projects (one, two)"
        #expect(driver.warnings == [report])
        // One restarts: its clients must not reach the other meanwhile.
        let stream = try #require(driver.stream)
        driver.on(.changed(stream, id: "a", .gone))
        #expect(Set(driver.names.keys) == ["two-web-1"])
        driver.on(.changed(stream, id: "a", .changed))
        driver.respond(engine)
        #expect(driver.names["web"] == nil && driver.warnings == [report])
        // One is gone for good.
        driver.on(.changed(stream, id: "a", .gone))
        driver.respond([:])
        let gone = driver.now
        while driver.now < gone + NameClaims.hold {
            #expect(driver.names["web"] == nil)
            driver.list = nil
            driver.sleep()
            if let list = driver.list { driver.on(.listed(list, ["b"])) }
            driver.respond(engine)
        }
        #expect(driver.names["web"] == address("10.2.0.2", "b@T1"))
    }

    @Test func `A hold that ends while the engine is away does not spin`() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        let stream = try #require(driver.stream)
        for count in 0..<4 {
            driver.on(.changed(stream, id: "a", .gone))
            driver.respond(["a": container("a", "web", "10.0.0.2", start: "T\(count + 2)")])
        }
        #expect(driver.names["web"] == nil)
        driver.on(.failed(stream, "closed"))
        driver.now += .seconds(60)
        driver.wake = nil
        driver.on(.timer)
        #expect(driver.wake.map { $0 > driver.now } ?? true)
    }

    @Test func `With shared_names the name leads to the containers of both projects`() throws {
        let driver = Driver(sharesNames: true)
        var (one, two) = (container("a", "one", "10.0.0.2"), container("b", "two", "10.0.0.3"))
        one.labels = ["berth.name": "web", "com.docker.compose.project": "blue"]
        two.labels = ["berth.name": "web", "com.docker.compose.project": "green"]
        try driver.begin(["b": two, "a": one])
        #expect(driver.names == ["web": address("10.0.0.2", "a@T1") + address("10.0.0.3", "b@T1")])
        #expect(driver.warnings == [])
    }

    @Test func `When the engine dies the names stay, it is reported once, and a new list follows`() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2"), "b": container("b", "shop", "10.0.0.3")])
        driver.on(.failed(try #require(driver.stream), "closed"))
        #expect(driver.names.count == 2)
        for _ in 0..<3 {
            driver.sleep()
            driver.on(.failed(try #require(driver.stream), "refused"))
        }
        #expect(driver.emitted.count { if case .down = $0 { true } else { false } } == 1)
        driver.sleep()
        driver.on(.listed(try #require(driver.list), ["b"]))
        #expect(driver.names.count == 2)
        driver.respond(["b": container("b", "shop", "10.0.0.3")])
        #expect(driver.names == ["shop": address("10.0.0.3", "b@T1")])
    }

    @Test func `An engine that hangs is left; a malformed container does not affect others`() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        let stream = try #require(driver.stream)
        driver.on(.changed(stream, id: "x", .changed))
        driver.on(.unreadable(driver.inspections.removeFirst().0, "half"))
        #expect(driver.names.count == 1)
        #expect(driver.emitted.count { if case .problem = $0 { true } else { false } } == 1)
        driver.on(.changed(stream, id: "y", .changed))
        driver.sleep()
        #expect(driver.names.count == 1)
        #expect(driver.emitted.contains { if case .down = $0 { true } else { false } })
    }

    @Test func `A container that the engine does not describe in time is skipped, and no other`() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), ["a", "b", "hangs"]))
        driver.now += .milliseconds(10)
        let silent = try #require(driver.inspections.first { $0.1 == "hangs" })
        driver.inspections.removeAll { $0.1 == "hangs" }
        driver.respond(["a": container("a", "web", "10.0.0.2"), "b": container("b", "shop", "10.0.0.3")])
        #expect(driver.emitted.isEmpty, "it may have a name as well")
        driver.sleep()
        #expect(Set(driver.names.keys) == ["web", "shop"])
        #expect(driver.emitted.contains { if case .problem = $0 { true } else { false } })
        #expect(!driver.emitted.contains { if case .down = $0 { true } else { false } })
        // A late response is ignored.
        driver.on(.inspected(silent.0, container("hangs", "late", "10.0.0.4")))
        #expect(driver.names.count == 2)
    }

    @Test func `An inspection whose connection breaks is repeated once; then it is skipped`() throws {
        let driver = Driver()
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), ["a", "breaks", "once"]))
        let once = try #require(driver.inspections.firstIndex { $0.1 == "once" })
        driver.on(.failed(driver.inspections.remove(at: once).0, "closed"))
        while let inspection = driver.inspections.first(where: { $0.1 == "breaks" }) {
            driver.inspections.removeAll { $0.0 == inspection.0 }
            driver.on(.failed(inspection.0, "closed"))
        }
        driver.respond([
            "a": container("a", "web", "10.0.0.2"), "once": container("once", "shop", "10.0.0.3"),
        ])
        #expect(Set(driver.names.keys) == ["web", "shop"])
        #expect(!driver.emitted.contains { if case .down = $0 { true } else { false } })
    }

    @Test func `Of an engine with more containers than the maximum the first ones are followed`() throws {
        let driver = Driver(maxContainers: 40)
        let ids = (0..<45).map { "id\($0)" }
        driver.on(.started)
        driver.on(.listed(try #require(driver.list), ids + ids))
        while !driver.inspections.isEmpty {
            let (token, id) = driver.inspections.removeFirst()
            driver.on(.inspected(token, container(id, "c\(id)", "10.0.0.2")))
        }
        #expect(driver.names.count == 40)
        #expect(
            driver.warnings == [
                "45 containers, more than max_containers (40): the others are not served"
            ]
        )
        // A later list with new containers first: those that are served stay, and it is not reported again.
        driver.list = nil
        while driver.list == nil { driver.sleep() }
        let served = driver.names
        driver.on(.listed(try #require(driver.list), (0..<10).map { "new\($0)" } + ids))
        while !driver.inspections.isEmpty {
            let (token, id) = driver.inspections.removeFirst()
            driver.on(.inspected(token, container(id, "c\(id)", "10.0.0.2")))
        }
        #expect(driver.names == served && driver.warnings.count == 1)
    }

    @Test func `Made-up containers of events are bounded`() throws {
        let driver = Driver(maxContainers: 40)
        try driver.begin([:])
        let stream = try #require(driver.stream)
        for index in 0..<90 {
            driver.on(.changed(stream, id: "x\(index)", .changed))
            while !driver.inspections.isEmpty {
                driver.on(.unreadable(driver.inspections.removeFirst().0, "status 500"))
            }
        }
        let count = driver.machine.containers.count
        #expect(count == 40)
        #expect(driver.names.isEmpty)
    }

    @Test func `The next list brings what no event reported`() throws {
        let driver = Driver()
        try driver.begin(["a": container("a", "web", "10.0.0.2")])
        driver.list = nil
        for _ in 0..<5 where driver.list == nil { driver.sleep() }
        driver.on(.listed(try #require(driver.list), ["c"]))
        driver.respond(["c": container("c", "new", "10.0.0.9")])
        #expect(driver.names == ["new": address("10.0.0.9", "c@T1")])
    }
}
