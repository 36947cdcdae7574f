import Names

// What an exchange's failure leads to, and what happens when a time is over.
extension EtcdWatchMachine {
    mutating func didWell() {
        tokenIsFresh = false
        backoff.succeeded()
        failedMembers = 0
        saidDown = false
    }

    // MARK: Failures

    mutating func fail(
        _ exchange: Exchange,
        _ failure: EtcdFailure,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        var request: PageRequest?
        switch phase {
        case .authenticating(exchange, _), .watching(exchange, _, _): break
        case .listing(exchange, let running, _): request = running
        default: guard probe?.exchange == exchange else { return }
        }
        cancelAll(&actions)
        switch failure {
        case .tooLarge:
            // A smaller page; a single entry is then read without its value, which says nothing but "too large".
            if var request {
                if request.limit > 1 {
                    limit = max(1, request.limit / 4)
                    request.limit = limit
                    return list(request, now, &actions)
                }
                if !request.keysOnly {
                    request.keysOnly = true
                    return list(request, now, &actions)
                }
            } else {
                // A message of the watch that can't be read would come again and again: list instead.
                cluster = nil
            }
        case .compacted:
            cluster = nil
        case .unauthenticated where hasToken && !tokenIsFresh:
            // Tokens age; a new one before it counts as a failure.
            hasToken = false
            return proceed(now, &actions)
        case .unauthenticated:
            hasToken = false
        case .connection, .timeout, .malformed, .refused, .leaseGone: break
        }
        failedMembers += 1
        // A fresh list is no retry: the first one is not waited for.
        if failedMembers == 1, failure == .compacted || failure == .tooLarge {
            return proceed(now, &actions)
        }
        member = (member + 1) % max(1, settings.members)
        // The other members are asked at once, each once.
        if failedMembers < settings.members { return proceed(now, &actions) }
        if !saidDown {
            saidDown = true
            isLive = false
            forgetAt = nil
            actions.append(.tell(.down(reason: failure.description)))
        }
        phase = .waiting(until: now + backoff.next(random: random))
    }

    mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        forget(now, &actions)
        if let probe, probe.until <= now {
            return fail(probe.exchange, .timeout, now, random, &actions)
        }
        switch phase {
        case .authenticating(let exchange, let until) where until <= now,
            .listing(let exchange, _, let until) where until <= now:
            fail(exchange, .timeout, now, random, &actions)
        case .watching(let exchange, let until, opened: false) where until <= now:
            fail(exchange, .timeout, now, random, &actions)
        case .watching(_, let until, opened: true) where until <= now && probe == nil:
            let exchange = nextExchange()
            probe = (exchange, now + settings.probeLimit)
            actions.append(.probe(exchange))
        case .waiting(let until) where until <= now:
            proceed(now, &actions)
        default: break
        }
    }

    mutating func cancelAll(_ actions: inout [Action]) {
        switch phase {
        case .authenticating(let exchange, _), .listing(let exchange, _, _), .watching(let exchange, _, _):
            actions.append(.cancel(exchange))
        case .idle, .waiting, .stopped: break
        }
        if let probe { actions.append(.cancel(probe.exchange)) }
        probe = nil
    }

    /// Asks for a timer when none runs that comes early enough: a busy watch moves its deadline with each
    /// message and costs no timer.
    mutating func arm(_ actions: inout [Action]) {
        var next: Duration?
        switch phase {
        case .authenticating(_, let until), .listing(_, _, let until), .waiting(let until): next = until
        case .watching(_, let until, _): next = probe == nil ? until : nil
        case .idle, .stopped: break
        }
        if let probe { next = min(next ?? probe.until, probe.until) }
        if let forgetAt { next = min(next ?? forgetAt, forgetAt) }
        guard let next else { return }
        if let armed, armed <= next { return }
        armed = next
        actions.append(.wake(at: next))
    }
}
