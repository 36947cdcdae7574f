package import Names
package import Routing

/// Keeps one name in etcd while its owner serves: a lease, an entry that is put only where none is, a renewal
/// at each third of the lease's life; registered again after the lease was lost, revoked at the end.
///
/// Pure: events in, actions out; `now` is the time since any fixed moment, `random` any 64 bits. Events of an
/// exchange that is over are ignored.
package struct RegistrationMachine: ~Copyable, Sendable {
    package struct Settings: Sendable {
        /// Life of the lease, seconds: after a crash the name is gone within it.
        package var ttl: Int64 = 10
        package var members = 1
        package var authenticates = false
        /// Who we are: signs the entry.
        package var instance: String
        /// What the entry says.
        package var address: Endpoint
        /// The bound of one answer; at most a third of the lease's life counts.
        package var answerLimit = Duration.seconds(2)
        /// The bound of the withdrawal.
        package var withdrawLimit = Duration.seconds(2)
        /// How often a name that another instance holds is tried again.
        package var heldRetry = Duration.seconds(2)
        /// How often a lease that may be our own from before a crash is looked at.
        package var inspectEvery = Duration.milliseconds(500)

        package init(instance: String, address: Endpoint) {
            self.instance = instance
            self.address = address
        }
    }

    package typealias Exchange = EtcdWatchMachine.Exchange

    /// Who has the name.
    package struct Owner: Sendable, Equatable {
        package var instance: String?
        package var addresses: [NamedAddress]
        /// 0: the entry has no lease, somebody has set it by hand.
        package var lease: Int64
        package var modRevision: Int64
        /// The value as it is, shortened, for people.
        package var text: String

        package init(
            instance: String?,
            addresses: [NamedAddress],
            lease: Int64,
            modRevision: Int64,
            text: String
        ) {
            self.instance = instance
            self.addresses = addresses
            self.lease = lease
            self.modRevision = modRevision
            self.text = text
        }
    }

    package enum News: Sendable, Equatable {
        case registered
        /// The registry can't be reached; tried again.
        case trouble(String)
        /// The lease ran out; registered again as soon as it can be.
        case lost(String)
        /// Another instance has the name; tried again.
        case held(Owner)
        /// The last news: whether the entry is known to be gone.
        case ended(withdrawn: Bool)
    }

    package enum Event: Sendable {
        case started
        case timer
        case authenticated(Exchange)
        case granted(Exchange, lease: Int64, ttl: Int64)
        case claimed(Exchange)
        case held(Exchange, Owner)
        /// Seconds; 0 or less: there is no such lease.
        case leaseSeen(Exchange, remaining: Int64, granted: Int64)
        case renewed(Exchange, ttl: Int64)
        case revoked(Exchange)
        case failed(Exchange, EtcdFailure)
        case stopped
    }

    package enum Action: Sendable, Equatable {
        case authenticate(Exchange)
        case grant(Exchange, ttl: Int64)
        /// Puts the entry if there is none, or if it is still that of revision `replacing`.
        case claim(Exchange, lease: Int64, replacing: Int64?)
        case inspect(Exchange, lease: Int64)
        case renew(Exchange, lease: Int64)
        case revoke(Exchange, lease: Int64)
        case cancel(Exchange)
        case wake(at: Duration)
        case tell(News)
    }

    enum Step {
        case authenticate, grant, renew, revoke
        case claim(replacing: Int64?)
        case inspect(Owner)
    }

    enum Phase {
        case idle
        case asking(Exchange, Step, until: Duration)
        case resting(until: Duration, then: Step?)
        case ended
    }

    private let settings: Settings
    private let answerLimit: Duration
    private var phase = Phase.idle
    private var member = 0
    private var lastExchange: UInt64 = 0
    private var hasToken = false
    private var backoff = Backoff()
    private var lease: Int64?
    private var leaseEnds: Duration = .zero
    private var isRegistered = false
    private var saidTrouble = false
    private var endsAt: Duration?
    /// What was left of the holder's lease when it was last looked at, seconds.
    private var holderLeft: (lease: Int64, seconds: Int64)?

    package init(_ settings: Settings) {
        self.settings = settings
        // A short lease: two waits fit into what is left of it at a renewal, and into the life that a registry
        // that comes back gives it.
        let third = Duration.seconds(settings.ttl) / 3
        answerLimit = min(settings.answerLimit, third)
        backoff.cap = min(backoff.cap, third)
    }

    package mutating func handle(_ event: Event, now: Duration, random: UInt64) -> [Action] {
        if case .ended = phase { return [] }
        var actions: [Action] = []
        switch event {
        case .started:
            if case .idle = phase { proceed(now, &actions) }
        case .timer: expire(now, random, &actions)
        case .stopped: stop(now, &actions)
        case .failed(let exchange, let failure):
            if let step = finish(exchange) { fail(step, failure, now, random, &actions) }
        case .authenticated(let exchange):
            guard finish(exchange) != nil else { break }
            hasToken = true
            // The lease has waited for it long enough.
            if isRegistered, endsAt == nil { ask(.renew, now, &actions) } else { proceed(now, &actions) }
        case .granted(let exchange, let lease, let ttl):
            guard finish(exchange) != nil else { break }
            self.lease = lease
            leaseEnds = now + .seconds(max(1, ttl))
            proceed(now, &actions)
        case .claimed(let exchange):
            guard finish(exchange) != nil else { break }
            isRegistered = true
            didWell()
            actions.append(.tell(.registered))
            proceed(now, &actions)
        case .held(let exchange, let holder):
            guard finish(exchange) != nil else { break }
            didWell()
            meet(holder, now, &actions)
        case .leaseSeen(let exchange, let remaining, let granted):
            guard case .inspect(let holder)? = finish(exchange) else { break }
            judge(holder, remaining: remaining, granted: granted, now, &actions)
        case .renewed(let exchange, let ttl):
            guard finish(exchange) != nil else { break }
            if ttl > 0 {
                leaseEnds = now + .seconds(ttl)
                didWell()
            } else {
                lose("the lease has run out", &actions)
            }
            proceed(now, &actions)
        case .revoked(let exchange):
            guard finish(exchange) != nil else { break }
            end(withdrawn: true, &actions)
        }
        arm(&actions)
        return actions
    }

    // MARK: Steps

    /// What is to be done next.
    private mutating func proceed(_ now: Duration, _ actions: inout [Action]) {
        if settings.authenticates, !hasToken { return ask(.authenticate, now, &actions) }
        if endsAt != nil {
            guard lease != nil else { return end(withdrawn: true, &actions) }
            return ask(.revoke, now, &actions)
        }
        if lease == nil { return ask(.grant, now, &actions) }
        if !isRegistered { return ask(.claim(replacing: nil), now, &actions) }
        phase = .resting(until: now + .seconds(settings.ttl) / 3, then: .renew)
    }

    private mutating func ask(_ step: Step, _ now: Duration, _ actions: inout [Action]) {
        lastExchange &+= 1
        let exchange = Exchange(id: lastExchange, member: member)
        phase = .asking(exchange, step, until: min(now + answerLimit, endsAt ?? .seconds(Int64.max)))
        switch step {
        case .authenticate: actions.append(.authenticate(exchange))
        case .grant: actions.append(.grant(exchange, ttl: settings.ttl))
        case .claim(let replacing):
            actions.append(.claim(exchange, lease: lease ?? 0, replacing: replacing))
        case .inspect(let holder): actions.append(.inspect(exchange, lease: holder.lease))
        case .renew: actions.append(.renew(exchange, lease: lease ?? 0))
        case .revoke: actions.append(.revoke(exchange, lease: lease ?? 0))
        }
    }

    /// Ends the exchange, if it is the one that runs.
    private mutating func finish(_ exchange: Exchange) -> Step? {
        guard case .asking(exchange, let step, _) = phase else { return nil }
        phase = .idle
        return step
    }

    // MARK: The name is taken

    private mutating func meet(_ holder: Owner, _ now: Duration, _ actions: inout [Action]) {
        if holder.instance == settings.instance {
            return ask(.claim(replacing: holder.modRevision), now, &actions)
        }
        // The same address under a lease: most likely ourselves before a crash. A lease that nobody renews
        // tells, and the entry is then replaced without having been away.
        let isOurAddress = holder.addresses.contains {
            $0.address == settings.address.address && $0.port == settings.address.port
        }
        if holder.lease != 0, isOurAddress { return ask(.inspect(holder), now, &actions) }
        refuse(holder, now, &actions)
    }

    private mutating func judge(
        _ holder: Owner,
        remaining: Int64,
        granted: Int64,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        // A living owner renews when two thirds are left.
        if remaining <= 0 || remaining <= granted / 3 {
            holderLeft = nil
            return ask(.claim(replacing: holder.modRevision), now, &actions)
        }
        if let holderLeft, holderLeft.lease == holder.lease, remaining > holderLeft.seconds {
            self.holderLeft = nil
            return refuse(holder, now, &actions)
        }
        holderLeft = (holder.lease, remaining)
        phase = .resting(until: now + settings.inspectEvery, then: .claim(replacing: nil))
    }

    private mutating func refuse(_ holder: Owner, _ now: Duration, _ actions: inout [Action]) {
        actions.append(.tell(.held(holder)))
        // Our lease holds nothing; it runs out by itself.
        lease = nil
        phase = .resting(until: now + settings.heldRetry, then: nil)
    }

    // MARK: Failures and the end

    private mutating func fail(
        _ step: Step,
        _ failure: EtcdFailure,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        member = (member + 1) % max(1, settings.members)
        if case .unauthenticated = failure { hasToken = false }
        switch step {
        case .claim:
            // The lease may be gone, or the entry may be ours after all: both show when asked anew.
            if failure == .leaseGone { lease = nil }
        case .renew where isRegistered && now >= leaseEnds:
            lose(failure.description, &actions)
        default: break
        }
        if let endsAt, now >= endsAt { return end(withdrawn: false, &actions) }
        if !saidTrouble, endsAt == nil {
            saidTrouble = true
            actions.append(.tell(.trouble(failure.description)))
        }
        phase = .resting(until: now + backoff.next(random: random), then: isRegistered ? .renew : nil)
    }

    private mutating func lose(_ reason: String, _ actions: inout [Action]) {
        lease = nil
        isRegistered = false
        actions.append(.tell(.lost(reason)))
    }

    private mutating func didWell() {
        backoff.succeeded()
        saidTrouble = false
    }

    private mutating func stop(_ now: Duration, _ actions: inout [Action]) {
        guard endsAt == nil else { return }
        if case .asking(let exchange, _, _) = phase { actions.append(.cancel(exchange)) }
        endsAt = now + settings.withdrawLimit
        backoff.succeeded()
        proceed(now, &actions)
    }

    private mutating func end(withdrawn: Bool, _ actions: inout [Action]) {
        phase = .ended
        actions.append(.tell(.ended(withdrawn: withdrawn)))
    }

    private mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        switch phase {
        case .asking(let exchange, let step, let until) where until <= now:
            actions.append(.cancel(exchange))
            phase = .idle
            fail(step, .timeout, now, random, &actions)
        case .resting(let until, let step) where until <= now:
            if endsAt == nil, let step, lease != nil, hasToken || !settings.authenticates {
                ask(step, now, &actions)
            } else {
                proceed(now, &actions)
            }
        default: break
        }
    }

    private func arm(_ actions: inout [Action]) {
        switch phase {
        case .asking(_, _, let until), .resting(let until, _): actions.append(.wake(at: until))
        case .idle, .ended: break
        }
    }
}
