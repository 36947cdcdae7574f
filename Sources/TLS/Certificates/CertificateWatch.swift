import NIOConcurrencyHelpers
package import SystemSupport

/// Reloads certificates when their files change.
///
/// A thread compares the states of all files every second; with many files less often, so that this takes 1 % of its
/// time. Files are read when two comparisons have found the same states, so that a pair which is being replaced is
/// complete; after `maxComparisons` at the latest.
package final class CertificateWatch: Sendable {
    /// Receives what has read its files again, and what could not be used. On the thread of the watch.
    package typealias Reloaded = @Sendable (any WatchedCertificates, [CertificateProblem]) -> Void

    package static let interval = Duration.seconds(1)
    /// How often changing files are compared before they are read.
    static let maxComparisons = 5
    /// How many times longer than a comparison the wait for the next one is.
    private static let rest = 100

    /// True: the thread ends.
    private let isStopped = ConditionLock(value: false)

    /// - Parameters:
    ///   - interval: the wait between two comparisons.
    ///   - compared: called after each comparison, on the thread of the watch.
    ///   - reloaded: called after each reload.
    /// - Throws: where the system has no thread left.
    package init(
        _ stores: [any WatchedCertificates],
        interval: Duration = CertificateWatch.interval,
        compared: @escaping @Sendable () -> Void = {},
        reloaded: @escaping Reloaded
    ) throws(SystemError) {
        let hasStarted = BlockingThread.start { [isStopped] in
            var watched: [any ComparedFiles] = stores.map { Self.watched($0) }
            while true {
                let start = ContinuousClock.now
                for index in watched.indices { watched[index].compare(reloaded) }
                compared()
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

    private static func watched(_ store: some WatchedCertificates) -> any ComparedFiles {
        WatchedStore(store)
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

/// What is read from files that may be replaced: the certificates of a listener, the authorities that are trusted.
package protocol WatchedCertificates: AnyObject, Sendable {
    associatedtype States: Equatable, Sendable

    /// The files as they were when they were last read.
    var states: States { get }
    /// The files as they are now.
    func currentStates() -> States
    /// Reads what has changed. Blocks.
    ///
    /// - Returns: what could not be used.
    func reload() -> [CertificateProblem]
}

extension CertificateStore: WatchedCertificates {
    package func currentStates() -> CertificateStates { CertificateStates(settings) }

    package func reload() -> [CertificateProblem] { reload(now: nil) }
}

private protocol ComparedFiles {
    mutating func compare(_ reloaded: CertificateWatch.Reloaded)
}

/// A store whose files are compared.
private struct WatchedStore<Store: WatchedCertificates>: ComparedFiles {
    let store: Store
    /// The states that the last comparison found, where they are not those that were read.
    private var pending: Store.States?
    private var comparisons = 0

    init(_ store: Store) { self.store = store }

    mutating func compare(_ reloaded: CertificateWatch.Reloaded) {
        let states = store.currentStates()
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
