import NIOCore

/// When the idle connections of a loop that drains are closed: some at each tick, so that clients do not all connect again
/// at once. Pure: time is an argument.
struct IdleEnds {
    /// A client that is between two requests has this part of the time to send one: its response closes the connection.
    private static let grace: Int64 = 4

    private let start: NIODeadline
    private let end: NIODeadline
    private let interval: TimeAmount

    /// - Parameter interval: from one tick to the next.
    init(from now: NIODeadline, over time: TimeAmount, interval: TimeAmount) {
        start = now + .nanoseconds(time.nanoseconds / Self.grace)
        end = now + time
        self.interval = interval
    }

    /// All that are left close.
    func areOver(now: NIODeadline) -> Bool { now >= end }

    /// How many close now of those that are left.
    func count(of waiting: Int, now: NIODeadline) -> Int {
        guard now >= start else { return 0 }
        guard now < end else { return waiting }
        let ticks = max(1, Int((end - now).nanoseconds / max(1, interval.nanoseconds)))
        return (waiting + ticks - 1) / ticks
    }
}
