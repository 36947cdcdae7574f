import Balancing
import Testing

@Suite struct PassiveHealthTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    // MARK: Connections

    @Test func `An endpoint is avoided after one failed connection, and used again after one that was made`()
    {
        var endpoint = PassiveHealth()
        endpoint.connecting(now: start)
        #expect(endpoint.state(now: start) == .well)
        endpoint.connectFailed(now: start)
        #expect(endpoint.state(now: start) == .avoided(until: start + .seconds(1)))
        endpoint.connecting(now: start)
        endpoint.connected(now: start)
        #expect(endpoint.state(now: start) == .well)
    }

    @Test func `An attempt that hangs is enough, before it has failed`() {
        var endpoint = PassiveHealth()
        endpoint.connecting(now: start)
        _ = endpoint.tick(now: start + .milliseconds(499))
        #expect(!endpoint.isUnreachable)
        _ = endpoint.tick(now: start + .milliseconds(500))
        #expect(endpoint.isUnreachable)
        endpoint.connected(now: start + .milliseconds(600))
        #expect(!endpoint.isUnreachable)
    }

    @Test func `Probes back off, up to a limit, one at a time, however many look`() {
        var endpoint = PassiveHealth()
        var now = start
        var waits: [Duration] = []
        endpoint.connecting(now: now)
        for _ in 0..<8 {
            endpoint.connectFailed(now: now)
            let failedAt = now
            while !endpoint.tick(now: now) { now = now + .milliseconds(250) }
            waits.append(now.since(failedAt))
            for _ in 0..<4 {
                let again = endpoint.tick(now: now)
                #expect(!again)
            }
            endpoint.connecting(now: now)
            let again = endpoint.tick(now: now + .seconds(3600))
            #expect(!again)
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }

    @Test func `A lack of descriptors says nothing about the endpoint`() {
        var endpoint = PassiveHealth()
        endpoint.connecting(now: start)
        endpoint.connectAbandoned(now: start)
        let probe = endpoint.tick(now: start + .seconds(3600))
        #expect(endpoint.state(now: start + .seconds(3600)) == .well && !probe)
    }

    @Test func `A probe without a descriptor is not the last one`() {
        var endpoint = PassiveHealth()
        endpoint.connecting(now: start)
        endpoint.connectFailed(now: start)
        let first = endpoint.tick(now: start + .seconds(1))
        endpoint.connecting(now: start + .seconds(1))
        endpoint.connectAbandoned(now: start + .seconds(1))
        let second = endpoint.tick(now: start + .seconds(2))
        #expect(first && second)
    }

    @Test func `A probe that nobody began is due again`() {
        var endpoint = PassiveHealth()
        endpoint.connecting(now: start)
        endpoint.connectFailed(now: start)
        let first = endpoint.tick(now: start + .seconds(1))
        let early = endpoint.tick(now: start + .seconds(30))
        let second = endpoint.tick(now: start + .seconds(31))
        #expect(first && !early && second)
    }

    @Test func `Attempts that fail together are one failure`() {
        var endpoint = PassiveHealth()
        for _ in 0..<64 { endpoint.connecting(now: start) }
        for _ in 0..<64 { endpoint.connectFailed(now: start) }
        let probe = endpoint.tick(now: start + .seconds(1))
        #expect(probe)
    }

    // MARK: Requests

    private func failing(_ endpoint: inout PassiveHealth, at now: MonotonicTime) {
        endpoint.requestFailed(began: now, now: now)
    }

    @Test func `Without settings no failure of a request counts`() {
        var endpoint = PassiveHealth()
        for second in 0..<100 { failing(&endpoint, at: start + .seconds(second)) }
        #expect(endpoint.state(now: start + .seconds(100)) == .well)
    }

    @Test func `Failures within the time are enough, whatever succeeds between them`() {
        var endpoint = PassiveHealth(maxFailures: 3)
        for second in 0..<3 {
            #expect(!endpoint.isEjected)
            let now = start + .seconds(second)
            failing(&endpoint, at: now)
            endpoint.requestSucceeded(began: start, now: now)
        }
        #expect(endpoint.state(now: start + .seconds(2)) == .avoided(until: start + .seconds(12)))
    }

    @Test func `Failures in a row are enough, however long they take; others are forgotten`() {
        var rare = PassiveHealth(maxFailures: 3)
        for minute in 0..<3 { failing(&rare, at: start + .seconds(60 * minute)) }
        #expect(rare.isEjected)
        var mixed = PassiveHealth(maxFailures: 3)
        for minute in 0..<100 {
            let now = start + .seconds(60 * minute)
            failing(&mixed, at: now)
            #expect(mixed.awaitsSuccess)
            mixed.requestSucceeded(began: now, now: now)
            #expect(!mixed.awaitsSuccess)
        }
        #expect(!mixed.isEjected)
    }

    @Test func `Requests that fail together are one failure`() {
        var endpoint = PassiveHealth(maxFailures: 2)
        // All were under way when the first of them failed.
        let killed = start + .seconds(30)
        for number in 0..<60 { endpoint.requestFailed(began: start, now: killed + .milliseconds(number)) }
        #expect(!endpoint.isEjected)
        failing(&endpoint, at: start + .seconds(31))
        #expect(endpoint.isEjected)
    }

    @Test func `Requests of an endpoint that hangs fail one after the other, and each counts`() {
        var endpoint = PassiveHealth(maxFailures: 3)
        let timeout = Duration.seconds(60)
        for tick in 0..<3 {
            #expect(!endpoint.isEjected)
            let began = start + .milliseconds(250 * tick)
            endpoint.requestFailed(began: began, now: began + timeout)
        }
        #expect(endpoint.isEjected)
    }

    @Test func `After an ejection one request is let through, and its success is the return`() {
        var endpoint = PassiveHealth(maxFailures: 1)
        failing(&endpoint, at: start)
        let due = start + .seconds(10)
        let early = endpoint.beginTrial(now: start + .seconds(9))
        #expect(!early && endpoint.state(now: due) == .trialDue)
        let first = endpoint.beginTrial(now: due)
        let second = endpoint.beginTrial(now: due)
        #expect(first && !second && endpoint.state(now: due) == .probing)
        // One that was under way before shows nothing, whatever comes of it.
        endpoint.requestSucceeded(began: start, now: due)
        endpoint.requestFailed(began: start, now: due)
        endpoint.requestAbandoned(began: start, now: due)
        #expect(endpoint.state(now: due) == .probing)
        endpoint.requestSucceeded(began: due, now: due + .seconds(1))
        #expect(endpoint.state(now: due + .seconds(1)) == .well && !endpoint.awaitsSuccess)
    }

    @Test func `Ejections in a row grow to the ceiling, and begin anew after as long a time of health`() {
        var endpoint = PassiveHealth(maxFailures: 1, failTimeout: .seconds(60))
        var now = start
        var lengths: [Duration] = []
        failing(&endpoint, at: now)
        for _ in 0..<7 {
            guard case .avoided(let until) = endpoint.state(now: now) else { break }
            lengths.append(until.since(now))
            now = until
            let begins = endpoint.beginTrial(now: now)
            #expect(begins)
            failing(&endpoint, at: now)
        }
        #expect(lengths == [60, 120, 180, 240, 300, 300, 300].map { .seconds($0) })

        func ejectionAfter(_ health: Duration) -> Duration? {
            var endpoint = endpoint
            let due = now + .seconds(300)
            guard endpoint.beginTrial(now: due) else { return nil }
            endpoint.requestSucceeded(began: due, now: due)
            failing(&endpoint, at: due + health)
            guard case .avoided(let until) = endpoint.state(now: due + health) else { return nil }
            return until.since(due + health)
        }
        #expect(ejectionAfter(.seconds(299)) == .seconds(300))
        #expect(ejectionAfter(.seconds(300)) == .seconds(60))
    }

    @Test func `A trial without a result makes way for another`() {
        var endpoint = PassiveHealth(maxFailures: 1, failTimeout: .seconds(1))
        failing(&endpoint, at: start)
        let due = start + .seconds(1)
        let first = endpoint.beginTrial(now: due)
        endpoint.requestAbandoned(began: due, now: due)
        let second = endpoint.beginTrial(now: due)
        // Nothing is heard of this one.
        let early = endpoint.beginTrial(now: due + .seconds(9))
        let third = endpoint.beginTrial(now: due + .seconds(10))
        #expect(first && second && !early && third)
    }

    @Test func `A trial that finds no connection waits until there is one`() {
        var endpoint = PassiveHealth(maxFailures: 1)
        failing(&endpoint, at: start)
        var now = start + .seconds(10)
        _ = endpoint.beginTrial(now: now)
        endpoint.connecting(now: now)
        endpoint.connectFailed(now: now)
        let none = endpoint.beginTrial(now: now + .seconds(100))
        now = now + .seconds(1)
        let probes = endpoint.tick(now: now)
        endpoint.connecting(now: now)
        endpoint.connected(now: now)
        #expect(!none && probes && endpoint.state(now: now) == .trialDue)
    }

    @Test func `A request that was sent in spite of the ejection and is served ends it`() {
        var endpoint = PassiveHealth(maxFailures: 1)
        failing(&endpoint, at: start)
        endpoint.requestSucceeded(began: start + .seconds(1), now: start + .seconds(2))
        #expect(endpoint.state(now: start + .seconds(2)) == .well)
    }
}
