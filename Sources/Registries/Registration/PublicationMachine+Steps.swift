// One exchange after the other: what comes next, what a failure leads to, and the end.
extension PublicationMachine {
    /// What is to be done next.
    mutating func proceed(_ now: Duration, _ actions: inout [Action]) {
        if settings.authenticates, !hasToken { return ask(.authenticate, now, &actions) }
        if endsAt != nil {
            guard lease != nil else { return end(withdrawn: true, &actions) }
            return ask(.revoke, now, &actions)
        }
        for (name, one) in held where one.until <= now { missing.updateValue(nil, forKey: name) }
        if let checkAt, checkAt <= now {
            self.checkAt = nil
            for name in there { missing.updateValue(nil, forKey: name) }
        }
        guard lease != nil else {
            // Without a name there is nothing that a lease could hold.
            guard !wanted.isEmpty else { return rest(until: nil) }
            return ask(.grant, now, &actions)
        }
        if renewAt <= now { return ask(.renew, now, &actions) }
        if !toRemove.isEmpty {
            return ask(.remove(Array(toRemove.sorted().prefix(Limit.batch))), now, &actions)
        }
        if !missing.isEmpty { return ask(.claim, now, &actions) }
        if isNews {
            isNews = false
            actions.append(.tell(.published(there.count)))
        }
        let check = checkAt ?? now + settings.checkEvery
        checkAt = check
        rest(until: held.values.reduce(min(renewAt, check)) { min($0, $1.until) })
    }

    private mutating func rest(until: Duration?) { phase = .resting(until: until, afterFailure: false) }

    private mutating func ask(_ step: Step, _ now: Duration, _ actions: inout [Action]) {
        lastExchange &+= 1
        let exchange = Exchange(id: lastExchange, member: member)
        phase = .asking(exchange, step, until: min(now + answerLimit, endsAt ?? .seconds(Int64.max)))
        let lease = lease ?? 0
        switch step {
        case .authenticate: actions.append(.authenticate(exchange))
        case .grant: actions.append(.grant(exchange, ttl: settings.ttl))
        case .claim:
            let names = missing.keys.sorted().prefix(Limit.batch)
            let claims = names.map { Claim(name: $0, replacing: missing[$0] ?? nil) }
            actions.append(.claim(exchange, lease: lease, claims))
        case .remove(let names): actions.append(.remove(exchange, lease: lease, names))
        case .renew: actions.append(.renew(exchange, lease: lease))
        case .revoke: actions.append(.revoke(exchange, lease: lease))
        }
    }

    /// Ends the exchange, if it is the one that runs.
    mutating func finish(_ exchange: Exchange) -> Step? {
        guard case .asking(exchange, let step, _) = phase else { return nil }
        phase = .idle
        return step
    }

    mutating func renewed(_ ttl: Int64, _ now: Duration) {
        let life = Duration.seconds(min(max(1, ttl), 1 << 31))
        leaseEnds = now + life
        renewAt = now + life / 3
    }

    mutating func didWell() {
        backoff.succeeded()
        saidTrouble = false
    }

    /// The lease is gone, and with it all that it held.
    mutating func lose(_ reason: String, _ actions: inout [Action]) {
        lease = nil
        let had = !there.isEmpty
        for name in wanted where held[name] == nil { missing.updateValue(nil, forKey: name) }
        there = []
        toRemove = []
        checkAt = nil
        if had { actions.append(.tell(.lost(reason))) }
    }

    mutating func fail(
        _ step: Step,
        _ failure: EtcdFailure,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        member = (member + 1) % max(1, settings.members)
        if case .unauthenticated = failure { hasToken = false }
        if let endsAt, now >= endsAt { return end(withdrawn: false, &actions) }
        if lease != nil, failure == .leaseGone || now >= leaseEnds { lose(failure.description, &actions) }
        if !saidTrouble, endsAt == nil {
            saidTrouble = true
            actions.append(.tell(.trouble(failure.description)))
        }
        phase = .resting(until: now + backoff.next(random: random), afterFailure: true)
    }

    mutating func stop(_ now: Duration, _ actions: inout [Action]) {
        guard endsAt == nil else { return }
        if case .asking(let exchange, _, _) = phase { actions.append(.cancel(exchange)) }
        endsAt = now + settings.withdrawLimit
        backoff.succeeded()
        proceed(now, &actions)
    }

    mutating func end(withdrawn: Bool, _ actions: inout [Action]) {
        phase = .ended
        actions.append(.tell(.ended(withdrawn: withdrawn)))
    }

    mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        switch phase {
        case .asking(let exchange, let step, let until) where until <= now:
            actions.append(.cancel(exchange))
            phase = .idle
            fail(step, .timeout, now, random, &actions)
        case .resting(let until?, _) where until <= now: proceed(now, &actions)
        default: break
        }
    }

    func arm(_ actions: inout [Action]) {
        switch phase {
        case .asking(_, _, let until), .resting(let until?, _): actions.append(.wake(at: until))
        case .idle, .ended, .resting(nil, _): break
        }
    }
}
