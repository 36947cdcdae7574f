import NIOCore

/// The connections of an event loop whose input waits for its turn. In each round of the loop some go on, the first that came
/// first, so that many who send much do not add up.
///
/// `@unchecked Sendable`: used on that loop alone.
final class HTTP2Turns: @unchecked Sendable {
    private var waiting: [any HTTP2Receiver] = []
    private var isPlanned = false

    /// No further turn begins in a round after this time.
    private static let time = TimeAmount.microseconds(200)

    /// The connection has no place yet.
    func wait(_ receiver: any HTTP2Receiver) {
        waiting.append(receiver)
        plan(on: receiver.loop)
    }

    private func plan(on loop: any EventLoop) {
        guard !isPlanned else { return }
        isPlanned = true
        loop.execute { self.goOn() }
    }

    private func goOn() {
        isPlanned = false
        let due = waiting
        waiting = []
        let start = NIODeadline.now()
        var (next, again) = (0, [any HTTP2Receiver]())
        while next < due.count, next == 0 || .now() - start < Self.time {
            if due[next].goOn() { again.append(due[next]) }
            next += 1
        }
        // Those that had no turn keep their places.
        waiting = due[next...] + waiting + again
        if let first = waiting.first { plan(on: first.loop) }
    }
}
