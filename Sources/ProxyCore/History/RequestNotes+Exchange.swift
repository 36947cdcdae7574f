import NIOCore
import Routing

/// What an exchange notes on its way for `berth why`. Without a history it notes nothing.
extension Exchange {
    /// The request goes on, or waits.
    func note(_ step: NextStep) {
        switch step {
        case .connect: facts.notes?.beginAttempt(now: context.now)
        case .resolve: notes?.beginWait(.name, now: context.now)
        case .hold: notes?.beginWait(.hold, now: context.now)
        case .place: notes?.beginWait(.place, now: context.now)
        }
    }

    /// A connection is being made for the request.
    func noteConnect() {
        notes?.connect(now: context.now)
        beginAttemptSpan()
    }

    /// The response is discarded, and the request sent elsewhere.
    func noteDiscarded(_ status: Int) {
        notes?.discardedStatus = status
    }

    /// The attempt is given up; another one follows, or the request fails.
    func noteAttempt(_ failure: Failure) {
        guard let endpoint = facts.upstream?.endpoint, let notes else { return }
        let now = context.now
        // Else it is that of an earlier attempt.
        let connected = machine.isConnecting ? nil : facts.connected
        notes.add(
            RequestAttempt(
                endpoint: endpoint,
                pick: facts.route.pickReason,
                began: (notes.connectBegan ?? connected ?? now) - facts.start,
                connected: connected.map { $0 - facts.start },
                ended: now - facts.start,
                reused: connected != nil && facts.reused,
                reason: failure.reason,
                span: facts.trace?.attempt ?? 0,
                status: notes.discardedStatus
            )
        )
    }

    private var notes: RequestNotes? {
        if let notes = facts.notes { return notes }
        if isObserved { facts.notes = context.history?.takeNotes() }
        return facts.notes
    }
}
