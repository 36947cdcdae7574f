import Dispatch

/// Holds a thread until another opens it.
package final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    package init() {}

    package func open() { semaphore.signal() }

    package func wait() { semaphore.wait() }
}
