import Glibc
import Testing

/// A worker among clients, containers, faults and time that all follow from a seed.
///
/// `BERTH_SEEDS=10000` runs more of them; `BERTH_SEED=7` runs one and prints what happened.
@Suite("Simulation", .timeLimit(.minutes(60)))
struct SimulationTests {
    private static let seeds = number("BERTH_SEEDS") ?? 1_000
    private static let parts = 2

    private static func number(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }
    }

    @Test("Whatever happens, each request gets its own answer, once, in time", arguments: 0..<parts)
    func seeds(part: Int) throws {
        if let seed = Self.number("BERTH_SEED") {
            if part == 0 { try replay(UInt64(seed)) }
            return
        }
        var failures = 0
        for seed in stride(from: part, to: Self.seeds, by: Self.parts) where failures < 5 {
            let violations = try Simulation(seed: UInt64(seed)).run()
            if violations.isEmpty { continue }
            failures += 1
            Issue.record("BERTH_SEED=\(seed): \(violations.joined(separator: "; "))")
        }
    }

    private func replay(_ seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, tracing: true)
        let violations = simulation.run()
        for line in simulation.ledger.trace ?? [] { print(line) }
        print(
            "seed \(seed): held at most \(simulation.mostHeld) bytes; \(violations.isEmpty ? "no violation" : "\(violations)")"
        )
        #expect(violations.isEmpty)
    }
}
