import NIOCore

/// How an event loop has used its time.
package struct LoopUsage: Sendable, Equatable {
    /// The time that it has worked and not waited, nanoseconds.
    package private(set) var busy: UInt64 = 0
    /// The longest that it has worked without a wait, nanoseconds.
    package private(set) var longest: UInt64 = 0

    package init() {}

    /// A round has ended.
    ///
    /// - Parameters:
    ///   - start: when the wait before it ended.
    ///   - end: when the next wait begins.
    mutating func worked(from start: NIODeadline, to end: NIODeadline) {
        let time = UInt64(max(0, (end - start).nanoseconds))
        busy &+= time
        if time > longest { longest = time }
    }

    /// - Parameters:
    ///   - start: of the present round.
    ///   - now: within it.
    /// - Returns: the present round included; the longest time begins anew.
    mutating func take(from start: NIODeadline, to now: NIODeadline) -> LoopUsage {
        var taken = self
        taken.worked(from: start, to: now)
        longest = 0
        return taken
    }
}
