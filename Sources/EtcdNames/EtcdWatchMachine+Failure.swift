import EtcdClient
import Names
import RegistryClient

// Failures of requests, and deadlines.
extension EtcdWatchMachine {
    mutating func succeeded() {
        tokenIsFresh = false
        backoff.reset()
        failedMembers = 0
        isDown = false
    }

    // MARK: Failures

    mutating func fail(
        _ token: RequestToken,
        _ failure: EtcdFailure,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        var request: EtcdPageRequest?
        switch phase {
        case .authenticating(token, _), .watching(token, _, _): break
        case .listing(token, let running, _): request = running
        default: guard probe?.token == token else { return }
        }
        cancelAll(&actions)
        switch failure {
        case .tooLarge:
            // A smaller page; a single entry is then read without its value and reported as not valid.
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
                // The watch would send the same message again and again: list instead.
                cluster = nil
            }
        case .compacted:
            cluster = nil
        case .unauthenticated where hasToken && !tokenIsFresh:
            // Tokens expire: request a new one before this counts as a failure.
            hasToken = false
            return proceed(now, &actions)
        case .unauthenticated:
            hasToken = false
        case .connection, .timeout, .malformed, .refused, .leaseGone: break
        }
        failedMembers += 1
        // A new list is not a retry: the first one starts at once.
        if failedMembers == 1, failure == .compacted || failure == .tooLarge {
            return proceed(now, &actions)
        }
        member = (member + 1) % max(1, settings.members)
        // The other members are tried at once, each once.
        if failedMembers < settings.members { return proceed(now, &actions) }
        if !isDown {
            isDown = true
            isLive = false
            graceEnds = nil
            if hasKeptNames {
                hasKeptNames = false
                actions.append(.emit(.snapshot(names)))
            }
            actions.append(.emit(.down(reason: failure.description)))
        }
        phase = .waiting(until: now + backoff.next(random: random))
    }

    mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        endGrace(now, &actions)
        if let probe, probe.until <= now {
            return fail(probe.token, .timeout, now, random, &actions)
        }
        switch phase {
        case .authenticating(let token, let until) where until <= now,
            .listing(let token, _, let until) where until <= now:
            fail(token, .timeout, now, random, &actions)
        case .watching(let token, let until, opened: false) where until <= now:
            fail(token, .timeout, now, random, &actions)
        case .watching where relistAt.map({ $0 <= now }) == true:
            storeReplaced(now, &actions)
        case .watching(_, let until, opened: true) where until <= now && probe == nil:
            let token = nextToken()
            probe = (token, now + settings.probeLimit)
            actions.append(.send(token, .probe))
        case .waiting(let until) where until <= now:
            proceed(now, &actions)
        default: break
        }
    }

    mutating func cancelAll(_ actions: inout [Action]) {
        switch phase {
        case .authenticating(let token, _), .listing(let token, _, _), .watching(let token, _, _):
            actions.append(.cancel(token))
        case .idle, .waiting, .stopped: break
        }
        if let probe { actions.append(.cancel(probe.token)) }
        probe = nil
    }

    /// Requests a timer where none runs that fires early enough: a busy watch moves its deadline with each
    /// message without a new timer.
    mutating func arm(_ actions: inout [Action]) {
        var next: Duration?
        switch phase {
        case .authenticating(_, let until), .listing(_, _, let until), .waiting(let until): next = until
        case .watching(_, let until, _): next = probe == nil ? until : nil
        case .idle, .stopped: break
        }
        if let probe { next = min(next ?? probe.until, probe.until) }
        if let graceEnds { next = min(next ?? graceEnds, graceEnds) }
        if let relistAt, case .watching = phase { next = min(next ?? relistAt, relistAt) }
        guard let next else { return }
        if let armed, armed <= next { return }
        armed = next
        actions.append(.wake(at: next))
    }
}
