import Glibc
import Routing
import RoutingConfig

/// One line of the table: a shape at a size.
enum Row {
    static let header = """
        | rules | shape | load, s | peak, MiB | first p50 | first p99 | cold p50 | cold p99 | warm p50 | warm p99 |
        |---|---|---|---|---|---|---|---|---|---|
        """

    /// Decisions of each kind.
    static let decisions = 20_000
    /// Hosts that are asked again and again.
    static let warmHosts = 16
    /// More than the processor's caches hold, bytes.
    static let eviction = 64 << 20

    static func print(_ shape: Shape, _ count: Int) throws {
        let yaml = shape.yaml(count)
        let clock = ContinuousClock()
        let start = clock.now
        let table = try ConfigurationLoader.load(text: yaml).table
        let load = clock.now - start
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let peak = usage.ru_maxrss / 1024

        let cost = Samples.clockCost()
        var random = Numbers(state: UInt64(count))
        let scratch = RouteScratch()
        // Each host once, in no order: nothing of its rule has been touched.
        let order = (0..<count).shuffled(using: &random).prefix(decisions)
        let first = measure(order.map { shape.host($0) }, table, scratch)
        // Hosts at random, with everything thrown out of the caches in between now and then.
        var cold = Samples()
        var garbage = [UInt8](repeating: 1, count: eviction)
        for _ in 0..<64 {
            let hosts = (0..<(decisions / 64)).map { _ in
                shape.host(Int.random(in: 0..<count, using: &random))
            }
            for place in stride(from: 0, to: garbage.count, by: 64) { garbage[place] &+= 1 }
            measure(hosts, table, scratch, into: &cold)
        }
        let few = (0..<warmHosts).map { _ in shape.host(Int.random(in: 0..<count, using: &random)) }
        let warm = measure((0..<decisions).map { few[$0 % warmHosts] }, table, scratch)

        let seconds = Double(load.components.seconds) + Double(load.components.attoseconds) / 1e18
        let figures = [first, cold, warm].flatMap {
            ["\($0.quantile(0.5, clock: cost))", "\($0.quantile(0.99, clock: cost))"]
        }
        let cells = ["\(count)", shape.title, "\((seconds * 1000).rounded() / 1000)", "\(peak)"] + figures
        Swift.print("| " + cells.joined(separator: " | ") + " |")
    }

    private static func measure(_ hosts: [String], _ table: RouteTable, _ scratch: RouteScratch) -> Samples {
        var samples = Samples()
        measure(hosts, table, scratch, into: &samples)
        return samples
    }

    private static func measure(
        _ hosts: [String],
        _ table: RouteTable,
        _ scratch: RouteScratch,
        into samples: inout Samples
    ) {
        let clock = ContinuousClock()
        let target = Array("/index.html".utf8)
        let method = Array("GET".utf8)
        let client = IPAddress(v4: 0x7F00_0001)
        for host in hosts {
            let bytes = Array(host.utf8)
            let key = RouteKey(
                host: bytes.span,
                target: target.span,
                method: method.span,
                scheme: .http,
                client: client
            )
            let start = clock.now
            let decision = table.decide(key, headers: { _, _ in false }, scratch: scratch)
            samples.add(clock.now - start)
            sink &+= decision.ruleIndex ?? 0
        }
    }

    /// What keeps the decisions from being optimised away.
    nonisolated(unsafe) static var sink = 0
}

/// SplitMix64: the same hosts in every run.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
