package import Logging
import Synchronization

/// The minimum severity of messages on standard error, which an operator changes while the tier runs. Any thread.
package final class LogThreshold: Sendable {
    private let index: Atomic<Int>

    package init(_ level: Logger.Level) {
        index = Atomic(Self.index(of: level))
    }

    package var level: Logger.Level {
        get {
            let levels = Logger.Level.allCases
            let index = index.load(ordering: .relaxed)
            return levels.indices.contains(index) ? levels[index] : .notice
        }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    /// Those that operators choose from.
    package static let names = ["debug", "info", "notice", "warning", "error"]

    private static func index(of level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }
}
