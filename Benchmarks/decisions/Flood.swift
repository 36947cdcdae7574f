import Glibc
import Proxy
import ProxyCore
import Routing
import RoutingConfig

/// What a flood of hosts that nobody asked for before does to those in use: decisions through the memory
/// that an event loop keeps, before, during and after it.
enum Flood {
    static let rules = 10_000
    static let hotHosts = 512
    /// Hosts of the flood; each is another.
    static let hosts = 1_000_000
    /// Requests for hot hosts before and after.
    static let quietRequests = 200_000
    /// Of so many hosts of the flood each is followed by one request for a hot host.
    static let hotAfter = 5

    static func print() throws {
        let shape = Shape.tenant
        let table = try ConfigurationLoader.load(text: shape.yaml(rules)).table
        var random = Numbers(state: 4)
        var loop = Loop(table)
        let hot = (0..<hotHosts).map { _ in Array(shape.host(Int.random(in: 0..<rules, using: &random)).utf8)
        }
        for _ in 0..<4 { for host in hot { loop.ask(host) } }
        // Room for what is measured, taken and touched in front: what grows later is the memory's own.
        var (before, busy, during, strangers, after) = (Phase(), Phase(), Phase(), Phase(), Phase())
        func askHot(_ phase: inout Phase) {
            loop.time(hot[Int.random(in: 0..<hotHosts, using: &random)], &phase)
        }
        /// No rule wants one half of them; the other half are tenants' of names never seen.
        func stranger(_ number: Int) -> [UInt8] {
            let name = String(random.next(), radix: 36)
            let end = number % 2 == 0 ? "flood.example" : "tenant\(number % rules).example.com"
            return Array("\(name).\(end)".utf8)
        }

        for _ in 0..<quietRequests { askHot(&before) }
        // The flood's work without the flood: nothing of it is remembered. What the processor's caches lose to it,
        // they lose to the flood too.
        for number in 0..<(quietRequests * hotAfter) {
            loop.decide(stranger(number), remembers: false)
            if number % hotAfter == 0 { askHot(&busy) }
        }
        let memoryBefore = residentMiB()
        var mostMemory = 0.0
        for number in 0..<hosts {
            loop.time(stranger(number), &strangers)
            if number % hotAfter == 0 { askHot(&during) }
            if number % 10_000 == 0 { mostMemory = max(mostMemory, residentMiB()) }
        }
        for _ in 0..<quietRequests { askHot(&after) }
        let memoryAfter = residentMiB()

        let cost = Samples.clockCost()
        Swift.print(
            "| \(hotHosts) hot hosts among \(rules) rules | p50, ns | p99, ns | remembered, % | memory, MiB |"
        )
        Swift.print("|---|---|---|---|---|")
        func row(_ title: String, _ phase: Phase, _ memory: Double) {
            let part = Double(phase.remembered) * 100 / Double(max(1, phase.requests))
            let figures = [0.5, 0.99].map { String(phase.samples.quantile($0, clock: cost)) }
            let cells = [title] + figures + [part, memory].map { "\(($0 * 10).rounded() / 10)" }
            Swift.print("| " + cells.joined(separator: " | ") + " |")
        }
        row("before", before, memoryBefore)
        row("before, with as much work in between", busy, memoryBefore)
        row("during the flood", during, mostMemory)
        row("the flood's own hosts", strangers, mostMemory)
        row("after", after, memoryAfter)
    }

    /// What was measured of one kind of request.
    struct Phase {
        var samples = Samples(room: Flood.hosts)
        var requests = 0
        var remembered = 0
    }

    /// As an event loop decides: from memory, or by the table.
    struct Loop {
        private let table: RouteTable
        private let scratch = RouteScratch()
        private var memory = DecisionCache(seed: 0x5EED)
        private let target = Array("/index.html".utf8)
        private let method = Array("GET".utf8)
        private let client = IPAddress(v4: 0x7F00_0001)
        private let clock = ContinuousClock()

        init(_ table: RouteTable) {
            self.table = table
        }

        mutating func time(_ host: [UInt8], _ phase: inout Phase) {
            let start = clock.now
            let remembered = ask(host)
            phase.samples.add(clock.now - start)
            phase.requests += 1
            if remembered { phase.remembered += 1 }
        }

        /// - Returns: whether the host was remembered.
        @discardableResult
        mutating func ask(_ raw: [UInt8]) -> Bool {
            if let known = memory.find(raw.span) {
                Row.sink &+= known.decision.ruleIndex ?? 0
                return true
            }
            decide(raw, remembers: true)
            return false
        }

        mutating func decide(_ raw: [UInt8], remembers: Bool) {
            guard let host = try? HostName(raw.span) else { return }
            let (bytes, target, method) = (host.bytes, target, method)
            let key = RouteKey(
                host: bytes.span,
                target: target.span,
                method: method.span,
                scheme: .http,
                client: client
            )
            let decision = table.decide(key, headers: { _, _ in false }, scratch: scratch)
            Row.sink &+= decision.ruleIndex ?? 0
            if remembers, decision.dependsOnHostAlone {
                memory.insert(DecisionCacheEntry(raw: raw, decision: decision))
            }
        }
    }

    /// Memory that the process has now, MiB.
    static func residentMiB() -> Double {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard words.count > 1, let pages = Double(words[1]) else { return 0 }
        return pages * Double(sysconf(CInt(_SC_PAGESIZE))) / 1_048_576
    }
}
