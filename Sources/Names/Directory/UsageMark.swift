import Synchronization

/// Whether an answer that expires is in use: then it is asked for again before it does.
///
/// May be used from any thread; marking is one plain load where the mark is there already.
package final class UsageMark: Sendable {
    private let marked = Atomic(false)

    init() {}

    package func mark() {
        if !marked.load(ordering: .relaxed) { marked.store(true, ordering: .relaxed) }
    }

    /// Whether it was marked since this was asked last.
    func take() -> Bool { marked.exchange(false, ordering: .relaxed) }
}
