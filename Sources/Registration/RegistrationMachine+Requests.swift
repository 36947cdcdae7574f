import EtcdClient
import RegistryClient

// One request after the other: the next step, failures, and the end.
extension RegistrationMachine {
    mutating func proceed(_ now: Duration, _ actions: inout [Action]) {
        if settings.authenticates, !hasToken { return send(.authenticate, now, &actions) }
        if endsAt != nil {
            guard let lease else { return end(withdrawn: true, &actions) }
            return send(.revoke(lease: lease), now, &actions)
        }
        guard let lease else {
            // Without entries there is nothing to lease.
            guard !entries.isEmpty else { return rest(until: nil) }
            return send(.grant(ttl: settings.ttl), now, &actions)
        }
        if renewAt <= now { return send(.renew(lease: lease), now, &actions) }
        if !toRemove.isEmpty {
            let names = Array(toRemove.sorted().prefix(Limit.batch))
            return send(.remove(lease: lease, names), now, &actions)
        }
        if let checkAt, checkAt <= now {
            self.checkAt = nil
            for (name, entry) in entries where entry == .present(isDue: false) {
                entries[name] = .present(isDue: true)
            }
        }
        let claims = claims(now)
        if !claims.isEmpty { return send(.claim(lease: lease, claims), now, &actions) }
        let updates = updates(now)
        if !updates.isEmpty {
            health.sent(now)
            return send(.claim(lease: lease, updates), now, &actions)
        }
        let isContested = hasContested
        if !isContested { inspections = [:] }
        if let due = inspections.filter({ $0.value.next <= now }).keys.min() {
            return send(.inspect(lease: due), now, &actions)
        }
        if hasChanged, !isContested {
            hasChanged = false
            hasRegistered = true
            actions.append(.emit(.registered(presentCount)))
        }
        let check = checkAt ?? now + settings.checkInterval
        checkAt = check
        var until = min(renewAt, check)
        for case .held(_, let retry) in entries.values { until = min(until, retry) }
        for inspection in inspections.values { until = min(until, inspection.next) }
        if hasUpdates { until = min(until, max(now, health.next)) }
        rest(until: until)
    }

    private mutating func rest(until: Duration?) { phase = .resting(until: until, afterFailure: false) }

    private mutating func send(_ request: Request, _ now: Duration, _ actions: inout [Action]) {
        let token = tokens.next(member: member)
        phase = .waiting(token, request, until: min(now + responseLimit, endsAt ?? .seconds(Int64.max)))
        actions.append(.send(token, request))
    }

    /// Ends the request, if it is the pending one.
    mutating func finish(_ token: RequestToken) -> Request? {
        guard case .waiting(token, let request, _) = phase else { return nil }
        phase = .idle
        return request
    }

    mutating func leaseRenewed(_ ttl: Int64, _ now: Duration) {
        let life = Duration.seconds(min(max(1, ttl), 1 << 31))
        leaseEnds = now + life
        renewAt = now + life / 3
    }

    mutating func succeeded() {
        tokenIsFresh = false
        backoff.reset()
        hasReportedFailure = false
    }

    /// The lease is gone, and with it all its entries.
    mutating func leaseLost(_ reason: String, _ actions: inout [Action]) {
        lease = nil
        let had = presentCount > 0
        for (name, entry) in entries {
            if case .held = entry { continue }
            entries[name] = .missing(replacing: nil)
        }
        toRemove = []
        health.forgetWritten()
        inspections = [:]
        checkAt = nil
        if had { actions.append(.emit(.lost(reason))) }
    }

    mutating func fail(
        _ failure: EtcdFailure,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        if let endsAt, now >= endsAt { return end(withdrawn: false, &actions) }
        if case .unauthenticated = failure {
            let isAged = hasToken && !tokenIsFresh
            hasToken = false
            // Tokens expire: request a new one before this counts as a failure.
            if isAged { return proceed(now, &actions) }
        }
        member = (member + 1) % max(1, settings.members)
        if lease != nil, failure == .leaseGone || now >= leaseEnds {
            leaseLost(failure.description, &actions)
        }
        if !hasReportedFailure, endsAt == nil {
            hasReportedFailure = true
            actions.append(.emit(.failing(failure.description)))
        }
        phase = .resting(until: now + backoff.next(random: random), afterFailure: true)
    }

    mutating func stop(_ now: Duration, _ actions: inout [Action]) {
        guard endsAt == nil else { return }
        if case .waiting(let token, _, _) = phase { actions.append(.cancel(token)) }
        endsAt = now + settings.withdrawLimit
        backoff.reset()
        proceed(now, &actions)
    }

    mutating func end(withdrawn: Bool, _ actions: inout [Action]) {
        phase = .ended
        actions.append(.emit(.ended(withdrawn: withdrawn)))
    }

    mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        switch phase {
        case .waiting(let token, _, let until) where until <= now:
            actions.append(.cancel(token))
            phase = .idle
            fail(.timeout, now, random, &actions)
        case .resting(let until?, _) where until <= now: proceed(now, &actions)
        default: break
        }
    }

    func arm(_ actions: inout [Action]) {
        switch phase {
        case .waiting(_, _, let until), .resting(let until?, _): actions.append(.wake(at: until))
        case .idle, .ended, .resting(nil, _): break
        }
    }
}
