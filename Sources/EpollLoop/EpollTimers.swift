import HeapModule
import NIOCore

/// Something to be done at a time. Used on its loop's thread alone.
///
/// `@unchecked Sendable`: made anywhere, and from then on used on the loop's thread.
package final class EpollTimer: @unchecked Sendable {
    fileprivate var action: (() -> Void)?
    /// Instead of `action`, where the loop ends before.
    fileprivate let ended: (() -> Void)?

    init(_ action: @escaping () -> Void, ended: (() -> Void)? = nil) {
        self.action = action
        self.ended = ended
    }

    package func cancel() {
        action = nil
    }
}

/// The timers of a loop. Pure: time is an argument.
struct EpollTimers {
    private struct Entry: Comparable {
        let deadline: NIODeadline
        /// Of two with one deadline, the first goes first.
        let serial: UInt64
        let timer: EpollTimer

        static func < (one: Entry, other: Entry) -> Bool {
            (one.deadline, one.serial) < (other.deadline, other.serial)
        }

        static func == (one: Entry, other: Entry) -> Bool { one.serial == other.serial }
    }

    private var entries = Heap<Entry>()
    private var serial: UInt64 = 0
    /// At so many entries those that were canceled are dropped.
    private var sweepCount = 64

    var count: Int { entries.count }

    /// Of the first timer; nil without one.
    var next: NIODeadline? { entries.min?.deadline }

    mutating func insert(_ timer: EpollTimer, at deadline: NIODeadline) {
        if entries.count >= sweepCount {
            entries = Heap(entries.unordered.filter { $0.timer.action != nil })
            sweepCount = max(64, 2 * entries.count)
        }
        serial &+= 1
        entries.insert(Entry(deadline: deadline, serial: serial, timer: timer))
    }

    /// The next action that is due, if there is one.
    mutating func takeDue(now: NIODeadline) -> (() -> Void)? {
        while let first = entries.min, first.deadline <= now || first.timer.action == nil {
            entries.removeMin()
            if let action = first.timer.action { return action }
        }
        return nil
    }

    /// Ends all.
    mutating func end() {
        var left = entries
        entries = Heap()
        while let entry = left.popMin() {
            if entry.timer.action != nil { entry.timer.ended?() }
        }
    }
}
