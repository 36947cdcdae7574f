import NIOConcurrencyHelpers
package import SystemSupport

/// Reloads certificates when their files change.
///
/// A thread compares the states of all files every second; with many files less often, so that this takes 1 % of its
/// time. Files are read when two comparisons have found the same states, so that a pair which is being replaced is
/// complete; after `maxComparisons` at the latest.
package final class CertificateWatch: Sendable {
    /// Receives a store that has read its files again, and what could not be used. On the thread of the watch.
    package typealias Reloaded = @Sendable (CertificateStore, [CertificateProblem]) -> Void

    package static let interval = Duration.seconds(1)
    /// How often changing files are compared before they are read.
    static let maxComparisons = 5
    /// How many times longer than a comparison the wait for the next one is.
    private static let rest = 100

    /// True: the thread ends.
    private let isStopped = ConditionLock(value: false)

    /// - Parameters:
    ///   - interval: the wait between two comparisons.
    ///   - reloaded: called after each reload.
    /// - Throws: where the system has no thread left.
    package init(
        _ stores: [CertificateStore],
        interval: Duration = CertificateWatch.interval,
        reloaded: @escaping Reloaded
    ) throws(SystemError) {
        let hasStarted = BlockingThread.start { [isStopped] in
            var watched = stores.map(WatchedStore.init)
            while true {
                let start = ContinuousClock.now
                for index in watched.indices { watched[index].compare(reloaded) }
                let wait = max(interval, (ContinuousClock.now - start) * Self.rest)
                let seconds = Double(wait.components.seconds) + Double(wait.components.attoseconds) / 1e18
                if isStopped.lock(whenValue: true, timeoutSeconds: seconds) {
                    isStopped.unlock()
                    return
                }
            }
        }
        guard hasStarted else { throw SystemError("certificates", errno: Self.noThread) }
    }

    /// EAGAIN.
    private static let noThread: Int32 = 11

    deinit { stop() }

    /// Ends the thread soon. May be called from any thread, more than once.
    package func stop() {
        isStopped.lock()
        isStopped.unlock(withValue: true)
    }
}

/// A store whose files are compared.
private struct WatchedStore {
    let store: CertificateStore
    /// The states that the last comparison found, where they are not those that were read.
    private var pending: CertificateStates?
    private var comparisons = 0

    init(_ store: CertificateStore) { self.store = store }

    mutating func compare(_ reloaded: CertificateWatch.Reloaded) {
        let states = CertificateStates(store.settings)
        guard states != store.states else {
            pending = nil
            comparisons = 0
            return
        }
        comparisons += 1
        guard states == pending || comparisons >= CertificateWatch.maxComparisons else {
            pending = states
            return
        }
        pending = nil
        comparisons = 0
        reloaded(store, store.reload())
    }
}
