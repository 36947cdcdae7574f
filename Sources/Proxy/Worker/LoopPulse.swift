import NIOConcurrencyHelpers
import NIOCore

/// Knows whether all event loops of a tier turn. Loops report themselves, four times a second; any thread.
package final class LoopPulse: Sendable {
    /// Pure: time is an argument.
    struct Beats {
        private var last: [NIODeadline?]
        private var signalled: NIODeadline?
        private let patience: TimeAmount
        private let interval: TimeAmount

        init(loops: Int, patience: TimeAmount, interval: TimeAmount) {
            last = Array(repeating: nil, count: loops)
            self.patience = patience
            self.interval = interval
        }

        /// A loop turns.
        ///
        /// - Returns: whether it is time for a signal that all loops do.
        mutating func beat(of loop: Int, now: NIODeadline) -> Bool {
            guard last.indices.contains(loop) else { return false }
            last[loop] = now
            if let signalled, now - signalled < interval { return false }
            guard last.allSatisfy({ $0.map { now - $0 <= patience } ?? false }) else { return false }
            signalled = now
            return true
        }
    }

    private let beats: NIOLockedValueBox<Beats>
    private let isStopped = NIOLockedValueBox(false)
    private let signal: @Sendable () -> Void

    /// - Parameters:
    ///   - loops: how many there are.
    ///   - patience: a loop that has not turned for longer stands still.
    ///   - interval: from one signal to the next.
    ///   - signal: called on a loop's thread while all loops turn. It must not block.
    package init(
        loops: Int,
        patience: Duration,
        interval: Duration,
        signal: @escaping @Sendable () -> Void
    ) {
        beats = NIOLockedValueBox(
            Beats(loops: loops, patience: TimeAmount(patience), interval: TimeAmount(interval))
        )
        self.signal = signal
    }

    /// No signal follows.
    package func stop() { isStopped.withLockedValue { $0 = true } }

    fileprivate func beat(of loop: Int, now: NIODeadline) {
        let isDue = beats.withLockedValue { $0.beat(of: loop, now: now) }
        if isDue, !isStopped.withLockedValue({ $0 }) { signal() }
    }
}

extension Tier {
    /// Has all loops report that they turn.
    package func report(to pulse: LoopPulse) {
        for (index, worker) in workers.enumerated() {
            worker.loop.execute { worker.pulse = { now in pulse.beat(of: index, now: now) } }
        }
    }
}
