import Balancing
import TestSupport
import Testing

/// Random events at one endpoint, as many event loops would report them.
@Suite struct HealthPropertyTests {
    private struct Driver {
        var random: SeededRandom
        var health = EndpointHealth()
        var now = MonotonicTime(nanoseconds: 1)
        let check: HealthCheck?
        var attempts = 0
        /// When requests under way began.
        var requests: [MonotonicTime] = []
        /// The trial that was begun last and has had no result.
        var trial: MonotonicTime?

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            var settings = EndpointSettings()
            settings.maxFailures = Int(random.next() % 4)
            settings.failTimeout = .seconds(Int64(random.next() % 20))
            settings.slowStart = .seconds(Int64(random.next() % 3) * 10)
            var check = HealthCheck()
            check.start = HealthCheck.Start.allCases[Int(random.next() % 3)]
            self.check = random.next() % 2 == 0 ? check : nil
            if random.next() % 4 != 0 { health.configure(settings, check: self.check, now: now) }
        }

        mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

        mutating func step() {
            switch below(11) {
            case 0: now = now + .milliseconds(below(2_000))
            case 1: if below(8) == 0 { now = now + .seconds(below(400)) }
            case 2, 3: tick()
            case 4: begin()
            case 5: if attempts > 0 { endAttempt(below(3)) }
            case 6, 7: if !requests.isEmpty { endRequest(below(3)) }
            case 8: send()
            case 9: if below(2) == 0 { health.checkSucceeded(now: now) } else { health.checkFailed(now: now) }
            default: if below(16) == 0 { health.set(.allCases[below(3)], now: now) }
            }
        }

        mutating func begin() {
            attempts += 1
            health.connecting(now: now)
        }

        mutating func endAttempt(_ outcome: Int) {
            attempts -= 1
            switch outcome {
            case 0: health.connected(now: now)
            case 1: health.connectFailed(now: now)
            default: health.connectAbandoned(now: now)
            }
            if outcome != 0 { trial = nil }
        }

        mutating func tick() {
            guard health.tick(now: now) else { return }
            #expect(attempts == 0, "a probe beside an attempt")
            // The loop that was told may end before it begins.
            if below(8) != 0 { begin() }
        }

        mutating func send() {
            let flags = health.flags(now: now)
            if flags.contains(.avoided), below(4) != 0 { return }
            if flags.contains(.trialDue) {
                guard health.beginTrial(now: now) else { return }
                let isAlone = trial.map { now.since($0) >= PassiveHealth.trialTime } ?? true
                #expect(isAlone, "two trials at a time")
                trial = now
            }
            requests.append(now)
        }

        mutating func endRequest(_ outcome: Int) {
            let began = requests.remove(at: below(requests.count))
            // One that was sent after the trial, in spite of it, shows as much as the trial.
            if let trial, began >= trial { self.trial = nil }
            switch outcome {
            case 0: health.requestSucceeded(began: began, now: now)
            case 1: health.requestFailed(began: began, now: now)
            default: health.requestAbandoned(began: began, now: now)
            }
        }

        /// From now on everything succeeds.
        mutating func recover() {
            while attempts > 0 { endAttempt(0) }
            requests = []
            health.set(.up, now: now)
            let end = now + PassiveHealth.maxEjection + .seconds(60)
            while now < end, health.flags(now: now).contains(.avoided) || health.transitions.last?.to != .up {
                if health.transitions.isEmpty { break }
                now = now + .milliseconds(250)
                if health.tick(now: now) {
                    health.connecting(now: now)
                    health.connected(now: now)
                }
                if health.flags(now: now).contains(.trialDue), health.beginTrial(now: now) {
                    health.requestSucceeded(began: now, now: now)
                }
                if check != nil { health.checkSucceeded(now: now) }
            }
        }
    }

    @Test(arguments: TestSeed.arguments(for: "endpoint health", and: 1, 2, 3))
    func `At most one probe and one trial at a time; a well endpoint is up again`(seed: UInt64) {
        for run in 0..<200 {
            var driver = Driver(seed: seed &* 1000 &+ UInt64(run))
            for _ in 0..<500 { driver.step() }
            #expect(driver.health.transitions.count <= 8)
            driver.recover()
            #expect(driver.health.state(now: driver.now) == .up, "run \(run)")
            let flags = driver.health.flags(now: driver.now)
            #expect(flags.isDisjoint(with: [.avoided, .trialDue]), "run \(run)")
        }
    }
}
