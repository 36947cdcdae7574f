import HTTP2
import NIOCore

/// The connections of an event loop whose input waits for its turn. In each round of the loop all go on. Of those that have sent
/// much without use some do, the first that came first, so that many of them do not add up.
///
/// `@unchecked Sendable`: used on that loop alone.
final class HTTP2Turns: @unchecked Sendable {
    private var usual: [any HTTP2Receiver] = []
    private var spending: [any HTTP2Receiver] = []
    private var isPlanned = false

    /// No further turn of one that is spending begins in a round after this time.
    private static let time = TimeAmount.microseconds(200)

    /// The connection has no place yet.
    func wait(_ receiver: any HTTP2Receiver) {
        if receiver.session.isSpending { spending.append(receiver) } else { usual.append(receiver) }
        plan(on: receiver.loop)
    }

    private func plan(on loop: any EventLoop) {
        guard !isPlanned else { return }
        isPlanned = true
        loop.execute { self.goOn() }
    }

    private func goOn() {
        isPlanned = false
        let (first, then) = (usual, spending)
        (usual, spending) = ([], [])
        for receiver in first where receiver.goOn() { wait(receiver) }
        let start = NIODeadline.now()
        var next = 0
        while next < then.count, next == 0 || .now() - start < Self.time {
            if then[next].goOn() { wait(then[next]) }
            next += 1
        }
        // Those that had no turn keep their places.
        spending = then[next...] + spending
        if let first = spending.first { plan(on: first.loop) }
    }
}
