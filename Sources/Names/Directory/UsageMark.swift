import Synchronization

/// Whether an answer is in use: then it is queried again before it expires.
///
/// May be used from any thread; marking again is one plain load.
package final class UsageMark: Sendable {
    private let marked = Atomic(false)
    private let others: [UsageMark]

    /// - Parameter others: are marked with it.
    init(_ others: [UsageMark] = []) {
        self.others = others
    }

    package func mark() {
        if !marked.load(ordering: .relaxed) { marked.store(true, ordering: .relaxed) }
        for other in others { other.mark() }
    }

    /// Whether it was marked since the last call.
    func take() -> Bool { marked.exchange(false, ordering: .relaxed) }
}
