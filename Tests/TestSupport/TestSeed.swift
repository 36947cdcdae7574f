import Foundation

/// The seeds of tests that try random inputs: new ones in every run, so that runs together see more than one does.
///
/// Each is printed. `BERTH_SEED=7 swift test --filter …` repeats a run with that seed.
package enum TestSeed {
    /// The seed to repeat; nil when the environment names none.
    package static let replayed: UInt64? = ProcessInfo.processInfo.environment["BERTH_SEED"].flatMap(
        UInt64.init
    )

    /// The seed to repeat or a new one, below 2³².
    ///
    /// - Parameter test: whose seed it is, for the line that is printed.
    package static func make(for test: String) -> UInt64 {
        let seed = replayed ?? UInt64(UInt32.random(in: 0 ... .max))
        print("\(test): BERTH_SEED=\(seed)")
        return seed
    }

    /// As arguments of a test: a new seed and some that stay, or the seed to repeat alone.
    package static func arguments(for test: String, and fixed: UInt64...) -> [UInt64] {
        replayed.map { [$0] } ?? [make(for: test)] + fixed
    }
}
