import NIOCore

/// A take-over as the process sees it that hands its tier over. Pure: events and the time in, actions out.
///
///     starting ── accepts ──▶ trying ── time passes ──▶ settling ── settled ──▶ over
///
/// Until `finish` the process can go on as if nothing had been: it has its sockets.
struct UpgradeMachine {
    enum Event: Equatable {
        /// The new process accepts connections.
        case accepting
        /// The new process has the control socket and the registrations.
        case settled
        /// The new process has ended, or has closed the connection to it.
        case closed
        /// Time has passed.
        case tick
        /// This process is to end.
        case cancelled
    }

    enum Action: Equatable {
        /// Accept nothing: the new process does.
        case hold
        /// Tell the new process that the tier is its own.
        case commit
        /// Close the sockets and drain.
        case finish
        /// Accept again.
        case resume
        /// Take back what the new process has taken: the control socket, and the service manager's attention.
        case restore
        /// Let the new process end in order.
        case terminate
        /// End the new process.
        case kill
        case fail(Failure)
    }

    enum Failure: Equatable {
        /// The new process ended.
        case ended
        /// It did not accept in time.
        case late
        /// It did not receive what was sent to it.
        case deaf
        case cancelled
    }

    struct Times {
        /// How long the new process may take until it accepts.
        var start: TimeAmount
        /// How long it has to have accepted before the tier is its own.
        var trial = TimeAmount.seconds(1)
        /// How long it may take then for the control socket and the registrations.
        var settling = TimeAmount.seconds(10)
    }

    private enum State {
        case starting(until: NIODeadline)
        case trying(until: NIODeadline)
        case settling(until: NIODeadline)
        case over
    }

    private let times: Times
    private var state: State

    init(_ times: Times, now: NIODeadline) {
        self.times = times
        state = .starting(until: now + times.start)
    }

    var isOver: Bool {
        if case .over = state { true } else { false }
    }

    /// The new process has had its time to start: the next tick ends it.
    func isLate(now: NIODeadline) -> Bool {
        if case .starting(let end) = state { now >= end } else { false }
    }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        switch (state, event) {
        case (.starting, .accepting):
            state = .trying(until: now + times.trial)
            return [.hold]
        case (.starting, .closed): return fail(.ended)
        case (.starting(let end), .tick): return now >= end ? fail(.late) : []
        case (.starting, .cancelled): return fail(.cancelled)

        case (.trying, .closed): return fail(.ended, undoing: [.resume])
        case (.trying(let end), .tick):
            guard now >= end else { return [] }
            state = .settling(until: now + times.settling)
            return [.commit]
        // The tier is to end. What the new process has accepted, it alone can finish.
        case (.trying, .cancelled): return [.commit, .terminate] + finish()

        case (.settling, .closed): return fail(.ended, undoing: [.resume, .restore])
        case (.settling(let end), .tick): return now >= end ? finish() : []
        case (.settling, .settled): return finish()
        // The new process has the tier, and takes what belongs to it: this one ends after that.
        case (.settling, .cancelled): return []

        // What comes twice, or too early, means nothing.
        case (.starting, .settled), (.trying, .accepting), (.trying, .settled), (.settling, .accepting),
            (.over, _):
            return []
        }
    }

    private mutating func finish() -> [Action] {
        state = .over
        return [.finish]
    }

    private mutating func fail(_ failure: Failure, undoing actions: [Action] = []) -> [Action] {
        state = .over
        return actions + [.kill, .fail(failure)]
    }
}
