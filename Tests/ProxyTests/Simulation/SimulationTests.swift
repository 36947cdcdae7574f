import Foundation
import TestSupport
import Testing

/// A worker among clients, containers, faults and time that all follow from a seed.
///
/// `BERTH_SEEDS=10000` runs more of them; `BERTH_SEED=7` runs one and prints what happened.
@Suite(.timeLimit(.minutes(60)))
struct SimulationTests {
    private static let count =
        ProcessInfo.processInfo.environment["BERTH_SEEDS"].flatMap(UInt64.init) ?? 1_000
    private static let first = TestSeed.make(for: "SimulationTests, the first of \(count) seeds")
    private static let parts: UInt64 = 2

    @Test(arguments: 0..<parts)
    func `Whatever happens, each request gets its own answer, once, in time`(part: UInt64) async throws {
        if let seed = TestSeed.replayed {
            if part == 0 { try replay(seed) }
            return
        }
        var failures = 0
        for offset in stride(from: part, to: Self.count, by: Int(Self.parts)) where failures < 5 {
            // Tests beside this one wait for answers that others need threads for.
            await Task.yield()
            let seed = Self.first + offset
            let violations = try Simulation(seed: seed).run()
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
