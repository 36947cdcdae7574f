package import NIOCore

/// When a tier that drains ends what still runs.
package struct DrainEnd: Sendable {
    package let requests: NIODeadline
    package let webSockets: NIODeadline

    package init(requests: NIODeadline, webSockets: NIODeadline) {
        self.requests = requests
        self.webSockets = webSockets
    }
}

/// How long an exchange may go on whose endpoint or tier drains. Pure: time is an argument.
struct DrainClock {
    /// Since when the exchange has known that its endpoint drains.
    private var endpointSince: NIODeadline?
    /// When its time was over; nil: it is not.
    private(set) var overSince: NIODeadline?

    /// - Parameters:
    ///   - endpointDrains: the endpoint drains, or the target no longer has it.
    ///   - time: for which it may go on then.
    ///   - tierEnd: nil: the tier does not drain.
    /// - Returns: whether the time is over.
    mutating func isOver(
        endpointDrains: Bool,
        time: TimeAmount,
        tierEnd: NIODeadline?,
        now: NIODeadline
    ) -> Bool {
        if !endpointDrains {
            endpointSince = nil
        } else if endpointSince == nil {
            endpointSince = now
        }
        let isOver = endpointSince.map { now - $0 >= time } == true || tierEnd.map { now >= $0 } == true
        overSince = isOver ? overSince ?? now : nil
        return isOver
    }
}
