import Names

// The connection to the engine: the stream of events, the list beside it, and what becomes of failures.
extension ContainersMachine {
    mutating func connect(_ now: Duration, _ actions: inout [Action]) {
        isComplete = false
        hasListed = false
        retryAt = nil
        let exchange = nextExchange()
        stream = exchange
        // Events first: what happens while the list is on its way is in one or the other.
        actions.append(.follow(exchange))
        list(now, &actions)
    }

    private mutating func list(_ now: Duration, _ actions: inout [Action]) {
        let exchange = nextExchange()
        listing = (exchange, now + Limit.answer)
        nextList = nil
        actions.append(.list(exchange))
    }

    private mutating func nextExchange() -> Exchange {
        lastExchange &+= 1
        return Exchange(id: lastExchange, member: 0)
    }

    /// Looks at who waits for it, a few at a time.
    mutating func ask(_ now: Duration, _ actions: inout [Action]) {
        guard stream != nil else { return }
        while looks.count < Limit.looks, !queue.isEmpty {
            let id = queue.removeFirst()
            queued.remove(id)
            if let running = looks.first(where: { $0.value.id == id })?.key {
                looks[running]?.again = true
                continue
            }
            let exchange = nextExchange()
            looks[exchange] = (id, now + Limit.answer, false)
            actions.append(.look(exchange, id: id))
        }
    }

    mutating func disconnect(_ actions: inout [Action]) {
        if let stream { actions.append(.cancel(stream)) }
        if let listing { actions.append(.cancel(listing.exchange)) }
        for exchange in looks.keys { actions.append(.cancel(exchange)) }
        stream = nil
        listing = nil
        looks = [:]
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
            actions.append(.tell(.down(reason: reason)))
        }
        retryAt = now + backoff.next(random: random)
    }

    mutating func expire(_ now: Duration, _ random: UInt64, _ actions: inout [Action]) {
        if let listing, listing.until <= now {
            return fail("the engine did not answer in time", now, random, &actions)
        }
        for (exchange, look) in looks.filter({ $0.value.until <= now }) {
            // Where the engine answered others meanwhile, it is this container that it can't look at: nobody
            // else is concerned, and what was known of it stays.
            guard lastAnswer > look.until - Limit.answer else {
                return fail("the engine did not answer in time", now, random, &actions)
            }
            looks[exchange] = nil
            actions.append(.cancel(exchange))
            complain(look.id, "\(look.id.prefix(12)): the engine did not describe it in time", &actions)
        }
        if let retryAt, retryAt <= now { return connect(now, &actions) }
        if let nextList, nextList <= now { list(now, &actions) }
    }

    mutating func arm(_ actions: inout [Action]) {
        var next: Duration?
        for moment in [listing?.until, nextList, retryAt] + looks.values.map({ Optional($0.until) })
            + held.map({ containers[$0]?.heldUntil })
        {
            if let moment { next = min(next ?? moment, moment) }
        }
        guard let next else { return }
        if let armed, armed <= next { return }
        armed = next
        actions.append(.wake(at: next))
    }
}
