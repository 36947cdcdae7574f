import Names
import RegistryClient

// The connection to the engine: the stream of events, the list, the inspections, and their failures.
extension ContainersMachine {
    mutating func connect(_ now: Duration, _ actions: inout [Action]) {
        isComplete = false
        hasListed = false
        retryAt = nil
        let token = tokens.next()
        stream = token
        // Events first: a change during the list is in one or the other.
        actions.append(.send(token, .follow))
        list(now, &actions)
    }

    private mutating func list(_ now: Duration, _ actions: inout [Action]) {
        let token = tokens.next()
        listing = (token, now + Limit.response)
        nextList = nil
        actions.append(.send(token, .list))
    }

    /// Inspects the queued containers, a few at a time.
    mutating func inspect(_ now: Duration, _ actions: inout [Action]) {
        guard stream != nil else { return }
        while inspections.count < Limit.inspections, !queue.isEmpty {
            let id = queue.removeFirst()
            queued.remove(id)
            if let running = inspections.first(where: { $0.value.id == id })?.key {
                inspections[running]?.isStale = true
                continue
            }
            let token = tokens.next()
            inspections[token] = Inspection(id: id, until: now + Limit.response)
            actions.append(.send(token, .inspect(id: id)))
        }
    }

    mutating func disconnect(_ actions: inout [Action]) {
        if let stream { actions.append(.cancel(stream)) }
        if let listing { actions.append(.cancel(listing.token)) }
        for token in inspections.keys { actions.append(.cancel(token)) }
        stream = nil
        listing = nil
        inspections = [:]
        queue = []
        queued = []
        retried = []
        nextList = nil
    }

    mutating func fail(_ reason: String, _ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        disconnect(&actions)
        isComplete = false
        hasListed = false
        if !isDown {
            isDown = true
            actions.append(.emit(.down(reason: reason)))
        }
        retryAt = now + backoff.next(random: random)
    }

    mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        if let listing, listing.until <= now {
            return fail("the engine did not respond in time", now, random, &actions)
        }
        for (token, inspection) in inspections.filter({ $0.value.until <= now }) {
            // Where the engine has sent other responses meanwhile, only this container is affected, and its last
            // state stays in force.
            guard lastResponse > inspection.until - Limit.response else {
                return fail("the engine did not respond in time", now, random, &actions)
            }
            inspections[token] = nil
            actions.append(.cancel(token))
            report(
                inspection.id,
                "\(inspection.id.prefix(12)): the engine did not describe it in time",
                &actions
            )
        }
        if let retryAt, retryAt <= now { return connect(now, &actions) }
        if let nextList, nextList <= now { list(now, &actions) }
    }

    mutating func arm(_ actions: inout [Action]) {
        var next: Duration?
        var moments = [listing?.until, nextList, retryAt] + inspections.values.map { Optional($0.until) }
        // What ends a hold is published when the list is complete, and not before.
        if isComplete {
            moments.append(claims.nextDeadline)
            moments += held.map { containers[$0]?.heldUntil }
        }
        for moment in moments {
            if let moment { next = min(next ?? moment, moment) }
        }
        guard let next else { return }
        if let armed, armed <= next { return }
        armed = next
        actions.append(.wake(at: next))
    }
}
