import Balancing
import NIOConcurrencyHelpers
import Metrics
import NIOCore
import Routing
import Testing

@testable import ProxyCore

@Suite struct SharedEndpointTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private static let address = Endpoint(address: IPAddress(v4: 0x0A01_0001), port: 80)

    private func loops(_ count: Int, of endpoints: SharedEndpoints) -> [Upstreams] {
        (0..<count).map { _ in Upstreams(idleLimit: 8, idleTimeout: .seconds(60), shared: endpoints) }
    }

    private func settings(_ change: (inout EndpointSettings) -> Void = { _ in }) -> EndpointSettings {
        var settings = EndpointSettings()
        change(&settings)
        return settings
    }

    @Test func `What a loop has counted stays when the loop forgets the endpoint`() {
        let endpoints = SharedEndpoints()
        let loops = loops(2, of: endpoints)
        let shared = loops[1].upstream(Self.address, identity: "a").shared
        loops[0].upstream(Self.address, identity: "a").counts.record(status: 200, nanoseconds: 7)
        #expect(shared.retiredCounts.requests == 0)
        _ = loops[0].tick(now: start)
        #expect(shared.retiredCounts.requests == 1 && shared.retiredCounts.waiting == 7)
        _ = loops[0].tick(now: start)
        #expect(shared.retiredCounts.requests == 1)
    }

    @Test
    func `An endpoint that one loop cannot reach is avoided by all, and forgotten with the last of them`() {
        let endpoints = SharedEndpoints()
        var upstreams = loops(2, of: endpoints).map { $0.upstream(Self.address, identity: "a") }
        upstreams[0].shared.connecting(now: start)
        upstreams[0].shared.connectFailed(now: start)
        #expect(upstreams.map(\.isAvoided) == [true, true])
        // Another container, or the same in another pool.
        let others = [
            endpoints.endpoint(Self.address, identity: "b"),
            endpoints.endpoint(Self.address, identity: "a", pool: "api"),
        ]
        #expect(others.map(\.isAvoided) == [false, false] && endpoints.count == 3)
        upstreams = []
        #expect(endpoints.count == 2)
    }

    @Test func `What is counted is in the figures or with the endpoint, and never in both`() {
        let endpoints = SharedEndpoints()
        let all = loops(2, of: endpoints)
        let kept = all[0].upstream(Self.address, identity: nil)
        all[1].upstream(Self.address, identity: nil).counts.record(status: 200, nanoseconds: 1)
        let read = all[1].beginReading()
        let figures = all[1].figures(of: read.indices)
        #expect(read.count == 1 && figures.map(\.counts.requests) == [1])
        // While somebody reads.
        _ = all[1].tick(now: start)
        #expect(read[0].retiredCounts.requests == 0)
        all[1].endReading()
        _ = all[1].tick(now: start)
        #expect(read[0].retiredCounts.requests == 1)
        #expect(all[1].beginReading().isEmpty && read[0] === kept.shared)
    }

    @Test func `Of very many upstreams each tick looks at some`() {
        let upstreams = loops(1, of: SharedEndpoints())[0]
        func upstream(_ number: Int) -> Upstream { upstreams.upstream(Self.address, identity: "\(number)") }
        var kept: [Upstream] = (0..<2 * Upstreams.ticked).map(upstream)
        for number in kept.count..<3 * Upstreams.ticked { _ = upstream(number) }
        for _ in 0..<3 { _ = upstreams.tick(now: start) }
        #expect(upstreams.beginReading().count == kept.count)
        upstreams.endReading()
        #expect(kept.indices.allSatisfy { upstream($0) === kept[$0] })
        // A connection that takes long is noticed at once, wherever it is.
        let slow = kept[kept.count - 1]
        slow.shared.connecting(now: start)
        upstreams.connectBegan(to: slow)
        for step in 0..<3 { _ = upstreams.tick(now: start + .milliseconds(250) * step) }
        #expect(slow.isAvoided && kept.filter(\.isAvoided).count == 1)
        slow.shared.connectFailed(now: start)
        slow.connectEnded()
        // A probe is due for each, and one tick is not to begin them all.
        for upstream in kept where upstream !== slow {
            upstream.shared.connecting(now: start)
            upstream.shared.connectFailed(now: start)
        }
        let probed = (0..<3).map { _ in upstreams.tick(now: start + .seconds(3)).count }
        #expect(probed.allSatisfy { $0 <= Upstreams.ticked + 1 } && probed.reduce(0, +) == kept.count)
        kept = []
        let left = (0..<3).map { _ in
            _ = upstreams.tick(now: start)
            defer { upstreams.endReading() }
            return upstreams.beginReading().count
        }
        #expect(left[0] >= Upstreams.ticked - 1 && left[2] <= 1)
    }

    @Test func `Settings of earlier rules do not come back with a loop that is late`() {
        let endpoints = SharedEndpoints()
        let endpoint = endpoints.endpoint(Self.address, identity: nil, pool: "api")
        let check = HealthCheck()
        let drains = settings { $0.administrativeState = .drain }
        endpoint.configure(settings(), generation: 1, now: start)
        endpoint.configure(drains, check: check, generation: 2, now: start)
        endpoint.configure(settings(), generation: 1, now: start)
        #expect(endpoint.check == check && endpoint.flags.contains(.drains))
        #expect(endpoints.checked.count == 1)
        endpoint.configure(settings(), generation: 3, now: start)
        #expect(endpoint.check == nil && !endpoint.flags.contains(.drains) && endpoints.checked.isEmpty)
    }

    @Test func `A dead endpoint costs one connection per back-off, whatever the number of loops`() {
        let endpoints = SharedEndpoints()
        let loops = loops(8, of: endpoints)
        let upstreams = loops.map { $0.upstream(Self.address, identity: nil) }
        var probes: [Int64] = []
        upstreams[0].shared.connecting(now: start)
        upstreams[0].shared.connectFailed(now: start)
        for quarter in 0..<(4 * 120) {
            let now = start + .milliseconds(250) * quarter
            for loop in loops {
                for upstream in loop.tick(now: now) {
                    probes.append((now - start).nanoseconds / 1_000_000_000)
                    upstream.shared.connecting(now: now)
                    upstream.shared.connectFailed(now: now)
                }
            }
        }
        #expect(probes == [1, 3, 7, 15, 31, 61, 91])
    }

    @Test func `A loop that ends does not take the probe`() {
        let endpoints = SharedEndpoints()
        let loops = loops(2, of: endpoints)
        let upstreams = loops.map { $0.upstream(Self.address, identity: nil) }
        upstreams[0].shared.connecting(now: start)
        upstreams[0].shared.connectFailed(now: start)
        #expect(loops[0].tick(now: start + .seconds(1), probes: false).isEmpty)
        #expect(loops[1].tick(now: start + .seconds(1)).count == 1)
    }

    @Test func `After an ejection one request of all loops is let through`() {
        let endpoints = SharedEndpoints()
        let upstreams = loops(4, of: endpoints).map {
            $0.upstream(Self.address, identity: nil, pool: "api")
        }
        let shared = upstreams[0].shared
        shared.configure(settings { $0.maxFailures = 2 }, now: start)
        shared.requestFailed(began: start, now: start, detail: "upstream_timeout")
        #expect(shared.flags == [.countsFailures, .awaitsSuccess])
        shared.requestFailed(began: start, now: start, detail: "upstream_timeout", evidence: "id-1")
        #expect(upstreams.map { $0.admits(now: start) } == [false, false, false, false])
        let due = start + .seconds(10)
        for upstream in upstreams { _ = upstream.shared.tick(now: due) }
        #expect(shared.flags.contains(.trialDue) && !shared.isAvoided)
        #expect(upstreams.map { $0.admits(now: due) } == [true, false, false, false])
        shared.requestSucceeded(began: due, now: due)
        #expect(upstreams.map { $0.admits(now: due) } == [true, true, true, true])
        #expect(shared.health.transitions.map(\.evidence) == ["id-1", ""])
    }

    @Test func `A share grows with the ticks`() {
        let endpoints = SharedEndpoints()
        let newcomer = endpoints.endpoint(Self.address, identity: nil, pool: "api", arrived: start)
        newcomer.configure(settings { $0.slowStart = .seconds(10) }, now: start)
        #expect(newcomer.share < 0.02)
        _ = newcomer.tick(now: start + .seconds(5))
        #expect(abs(newcomer.share - 0.5) < 0.001)
        _ = newcomer.tick(now: start + .seconds(10))
        #expect(newcomer.share == 1 && !newcomer.flags.contains(.unsettled))
    }

    @Test func `Requests in flight have a limit over all loops`() {
        let endpoints = SharedEndpoints()
        let shared = endpoints.endpoint(Self.address, identity: nil, pool: "api")
        #expect((0..<3).map { _ in shared.enter(limit: 2) } == [true, true, false])
        shared.leave()
        #expect(shared.enter(limit: 2) && shared.requestsInFlight == 2)
    }

    @Test func `Each change is reported once, and a check that changes is noticed`() {
        let events = NIOLockedValueBox<[HealthEvent]>([])
        let endpoints = SharedEndpoints { event in events.withLockedValue { $0.append(event) } }
        var shared: SharedEndpoint? = endpoints.endpoint(Self.address, identity: nil, pool: "api")
        shared?.connecting(now: start)
        for _ in 0..<2 { shared?.connectFailed(now: start, detail: "connection_refused") }
        #expect(events.withLockedValue { $0.map(\.transition.detail) } == ["connection_refused"])
        var versions = [endpoints.checksVersion]
        for _ in 0..<2 { shared?.configure(settings(), check: HealthCheck(), now: start) }
        versions.append(endpoints.checksVersion)
        #expect(endpoints.checked.count == 1)
        shared = nil
        versions.append(endpoints.checksVersion)
        #expect(versions == [0, 1, 2] && endpoints.checked.isEmpty)
    }

    @Test func `Results of another check say nothing`() {
        let shared = SharedEndpoint(Self.address, pool: "api")
        var check = HealthCheck()
        check.fall = 1
        shared.configure(settings(), check: check, now: start)
        var other = check
        other.port = 9
        shared.checked(other, failure: "connection_refused", now: start)
        #expect(!shared.isAvoided)
        shared.checked(check, failure: "connection_refused", now: start)
        #expect(shared.flags.isSuperset(of: [.avoided, .checkedDown]))
        // Only how many are needed has changed.
        check.fall = 7
        shared.configure(settings(), check: check, now: start)
        #expect(shared.isAvoided)
        shared.configure(settings(), check: other, now: start)
        #expect(!shared.isAvoided)
    }
}

/// Several threads at one endpoint: for the thread sanitizer, too.
@Suite struct SharedEndpointThreadTests {
    @Test func `Whatever threads report, counters return to 0, and nothing is left`() async {
        let endpoints = SharedEndpoints()
        let address = Endpoint(address: IPAddress(v4: 0x0A01_0001), port: 80)
        let probes = await withTaskGroup(of: Int.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    var settings = EndpointSettings()
                    settings.maxFailures = 2
                    settings.failTimeout = .milliseconds(1)
                    var probes = 0
                    for turn in 0..<5_000 {
                        // Forgotten and made again all the time.
                        let shared = endpoints.endpoint(address, identity: nil, pool: "api")
                        let now = NIODeadline.uptimeNanoseconds(UInt64(turn) * 1_000_000)
                        if turn % 100 == 0 { shared.configure(settings, check: HealthCheck(), now: now) }
                        let isIn = shared.enter(limit: 3)
                        if shared.tick(now: now) { probes += 1 }
                        shared.connecting(now: now)
                        switch (turn + thread) % 5 {
                        case 0: shared.connectFailed(now: now)
                        case 1: shared.connectAbandoned(now: now)
                        default: shared.connected(now: now)
                        }
                        if shared.beginTrial(now: now) { shared.requestSucceeded(began: now, now: now) }
                        if turn % 7 == 0 { shared.requestFailed(began: now, now: now, detail: "x") }
                        if isIn { shared.leave() }
                        if turn % 50 == 0 { #expect(shared.requestsInFlight <= 7) }
                    }
                    return probes
                }
            }
            return await group.reduce(0, +)
        }
        #expect(probes >= 0 && endpoints.count == 0 && endpoints.all.isEmpty)
        #expect(endpoints.endpoint(address, identity: nil, pool: "api").requestsInFlight == 0)
    }
}
