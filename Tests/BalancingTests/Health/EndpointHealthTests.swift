import Balancing
import Testing

@Suite struct EndpointHealthTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func settings(_ change: (inout EndpointSettings) -> Void = { _ in }) -> EndpointSettings {
        var settings = EndpointSettings()
        settings.maxFailures = 1
        change(&settings)
        return settings
    }

    private func words(_ health: EndpointHealth) -> [String] {
        health.transitions.map { "\($0.from.rawValue) \($0.to.rawValue) \($0.cause.rawValue)" }
    }

    @Test func `Without settings a well endpoint has no flag, and only connections count`() {
        var health = EndpointHealth()
        #expect(health.flags(now: start) == [])
        health.requestFailed(began: start, now: start)
        health.checkFailed(now: start)
        #expect(health.flags(now: start) == [] && health.state(now: start) == .up)
        health.connecting(now: start)
        #expect(health.flags(now: start) == .unsettled)
        health.connectFailed(now: start, detail: "connection_refused", evidence: "id-1")
        #expect(health.flags(now: start) == [.avoided, .unsettled])
        #expect(health.state(now: start) == .avoided(until: start + .seconds(1)))
        #expect(health.transitions.map(\.detail) == ["connection_refused"])
        #expect(health.transitions.map(\.evidence) == ["id-1"])
    }

    @Test func `A hanging connection, a probe and its success`() {
        var health = EndpointHealth()
        health.connecting(now: start)
        let early = health.tick(now: start + .seconds(1))
        #expect(health.state(now: start + .seconds(1)) == .probing)
        health.connectFailed(now: start + .seconds(1))
        let due = health.tick(now: start + .seconds(2))
        #expect(!early && due)
        health.connecting(now: start + .seconds(2))
        health.connected(now: start + .seconds(2))
        #expect(words(health) == ["up avoided connect_slow", "avoided up connected"])
    }

    @Test func `An ejected endpoint flags its trial`() {
        var health = EndpointHealth()
        health.configure(settings(), now: start)
        #expect(health.flags(now: start) == .countsFailures)
        health.requestFailed(began: start, now: start, detail: "upstream_timeout", evidence: "id-2")
        let due = start + .seconds(10)
        #expect(health.flags(now: start).contains(.avoided))
        #expect(health.flags(now: due) == [.trialDue, .unsettled, .awaitsSuccess, .countsFailures])
        let begins = health.beginTrial(now: due)
        #expect(begins && health.flags(now: due).contains(.avoided) && health.state(now: due) == .probing)
        health.requestSucceeded(began: due, now: due)
        #expect(health.state(now: due) == .up)
        #expect(words(health) == ["up avoided requests_failed", "avoided up request_served"])
    }

    @Test func `Checks make it down and up; a check that connects ends avoidance`() {
        var health = EndpointHealth()
        health.configure(settings(), check: HealthCheck(), now: start)
        #expect(health.state(now: start) == .up)
        for _ in 0..<3 { health.checkFailed(now: start, detail: "status_503") }
        #expect(health.state(now: start) == .down(.checksFailed))
        #expect(health.flags(now: start).isSuperset(of: [.avoided, .checkedDown]))
        health.connecting(now: start)
        health.connectFailed(now: start)
        for _ in 0..<2 { health.checkSucceeded(now: start + .seconds(9)) }
        #expect(health.state(now: start + .seconds(9)) == .up)
        #expect(words(health) == ["up down checks_failed", "down up checks_succeeded"])
    }

    @Test func `A check of another port says nothing about connections`() {
        var health = EndpointHealth()
        health.configure(settings(), check: HealthCheck(), now: start)
        health.connecting(now: start)
        health.connectFailed(now: start)
        health.checkSucceeded(now: start, connects: false)
        #expect(health.flags(now: start).contains(.avoided))
        health.checkSucceeded(now: start)
        #expect(!health.flags(now: start).contains(.avoided))
    }

    @Test func `What checks have not shown yet is down, and does not come back slowly`() {
        var check = HealthCheck()
        check.start = .down
        var health = EndpointHealth()
        health.configure(settings { $0.slowStart = .seconds(10) }, check: check, now: start)
        #expect(health.state(now: start) == .down(.unchecked))
        health.checkSucceeded(now: start)
        #expect(health.state(now: start) == .up && health.share(now: start) == 1)
        // Checks that begin anew forget what was found.
        health.checksPaused(check, now: start)
        #expect(health.state(now: start) == .down(.unchecked))
        health.configure(settings(), check: nil, now: start)
        #expect(health.state(now: start) == .up)
    }

    @Test func `A share grows after a failure and for a newcomer, never at the start`() {
        let slow = settings { $0.slowStart = .seconds(10) }
        var old = EndpointHealth()
        old.configure(slow, now: start)
        #expect(old.share(now: start) == 1)
        var newcomer = EndpointHealth(arrived: start)
        newcomer.configure(slow, now: start)
        #expect(newcomer.share(now: start) == 0.01)
        #expect(newcomer.share(now: start + .seconds(5)) == 0.5)
        #expect(newcomer.flags(now: start + .seconds(5)).isSuperset(of: [.growing, .unsettled]))
        #expect(newcomer.flags(now: start + .seconds(10)) == .countsFailures)
        old.connecting(now: start)
        old.connectFailed(now: start)
        old.connecting(now: start + .seconds(1))
        old.connected(now: start + .seconds(1))
        #expect(old.share(now: start + .seconds(3)) == 0.2)
    }

    @Test func `What an operator sets holds until the settings change it`() {
        var health = EndpointHealth()
        health.configure(settings(), now: start)
        health.set(.drain, now: start)
        health.configure(settings { $0.weight = 7 }, now: start)
        #expect(health.flags(now: start).contains(.drains) && health.state(now: start) == .up)
        health.configure(settings { $0.administrativeState = .down }, now: start)
        #expect(health.flags(now: start).isSuperset(of: [.administrativelyDown, .avoided]))
        #expect(health.state(now: start) == .down(.administrative))
        health.set(.up, now: start)
        #expect(health.state(now: start) == .up)
        #expect(words(health) == ["up down administrative", "down up administrative"])
    }

    @Test func `Only the last transitions are kept, with bounded texts`() {
        var health = EndpointHealth()
        let long = String(repeating: "x", count: 10_000)
        for second in 0..<20 {
            let now = start + .seconds(2 * second)
            health.connecting(now: now)
            health.connectFailed(now: now, detail: long, evidence: long)
            health.connecting(now: now)
            health.connected(now: now)
        }
        #expect(health.transitions.count == 8 && health.transitionCount == 40)
        #expect(health.transitions.allSatisfy { max($0.detail.utf8.count, $0.evidence.utf8.count) <= 128 })
    }
}
