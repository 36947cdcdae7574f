package import Metrics
import NIOConcurrencyHelpers

/// What the ledgers of event loops have counted, and nobody has written yet. Any thread.
package final class LedgerRest: Sendable {
    private let counts = NIOLockedValueBox<[LedgerCounts]>([])

    package init() {}

    package func add(_ rest: LedgerCounts) {
        counts.withLockedValue { $0.append(rest) }
    }

    package func take() -> [LedgerCounts] {
        counts.withLockedValue { counts in
            defer { counts = [] }
            return counts
        }
    }
}
