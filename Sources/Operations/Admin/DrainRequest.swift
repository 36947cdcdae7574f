import NIOConcurrencyHelpers

/// An operator tells a tier to end: once, and whoever runs the tier waits for it. Any thread.
final class DrainRequest: Sendable {
    private struct State {
        var isRequested = false
        var isDue = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Load balancers that look at the readiness send the tier nothing new.
    var isRequested: Bool { state.withLockedValue { $0.isRequested } }

    /// - Returns: false: it was requested before.
    func request() -> Bool {
        state.withLockedValue { state in
            defer { state.isRequested = true }
            return !state.isRequested
        }
    }

    /// The tier shall end now.
    func due() {
        let waiting = state.withLockedValue { state in
            state.isDue = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Returns when the tier shall end, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { state in
                    if state.isDue || Task.isCancelled { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLockedValue { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for one in waiting { one.resume() }
        }
    }
}
