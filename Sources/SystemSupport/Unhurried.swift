import CProcess
import Glibc
import NIOConcurrencyHelpers

/// Work that yields to the event loops: it runs on one thread with a nice value of 10.
package enum Unhurried {
    /// Whoever waits for the value does not raise the priority, as those do who wait for a task.
    package static func value<Value: Sendable>(of body: @escaping @Sendable () async -> Value) async -> Value
    {
        await withUnsafeContinuation { continuation in
            Task.detached(executorPreference: UnhurriedThread.shared, priority: .background) {
                continuation.resume(returning: await body())
            }
        }
    }
}

/// The thread. It starts with the first job, and never ends.
private final class UnhurriedThread: TaskExecutor {
    static let shared = UnhurriedThread()

    private static let nice: Int32 = 10
    /// A loop that wakes up waits no longer for this thread. The system's own is some milliseconds.
    private static let slice: UInt64 = 100_000

    /// 1: there are jobs.
    private let condition = ConditionLock(value: 0)
    private let jobs = NIOLockedValueBox<[UnownedJob]>([])
    private let isRunning = NIOLockedValueBox(false)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.withLockedValue { $0.append(job) }
        condition.unlock(withValue: 1)
        isRunning.withLockedValue { isRunning in
            // Where the system has no thread left, the next job tries again.
            if !isRunning { isRunning = BlockingThread.start { self.run() } }
        }
    }

    private func run() {
        pthread_setname_np(pthread_self(), "berth-unhurried")
        if berth_set_slice(Self.nice, Self.slice) != 0 {
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.nice)
        }
        while true {
            condition.lock(whenValue: 1)
            let due = jobs.withLockedValue { jobs in
                defer { jobs = [] }
                return jobs
            }
            condition.unlock(withValue: 0)
            for job in due { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}
