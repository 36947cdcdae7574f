import Balancing
import NIOCore
import Routing
import Testing

@testable import Proxy
@testable import ProxyCore

@Suite struct HealthProberTests {
    @Test func `An endpoint that fails its checks is down, and up again when it passes them`() {
        let bench = ProberBench()
        let member = bench.member()
        bench.pass(.seconds(2))
        #expect(bench.checks() == 1 && bench.open == 0 && !member.isAvoided)
        bench.response = { _ in "HTTP/1.1 500 No\r\n\r\n" }
        bench.pass(.seconds(18))
        #expect(member.flags.isSuperset(of: [.avoided, .checkedDown]))
        bench.response = { _ in "HTTP/1.1 200 OK\r\n\r\n" }
        bench.pass(.seconds(12))
        #expect(!member.isAvoided)
        let transitions = member.health.transitions
        #expect(transitions.map(\.detail) == ["status_500", ""])
        #expect(transitions.map(\.evidence) == ["check GET /", "check GET /"])
    }

    @Test func `Each endpoint and check has one prober, whatever the number of loops and pools`() {
        let bench = ProberBench(loops: 4)
        for pool in ["a", "b", "c"] {
            for last in 1...20 { bench.member(UInt32(last), of: pool) }
        }
        let other = bench.member(1, of: "d", ProberBench.check { $0.kind = .tcp })
        bench.pass(.seconds(60))
        for last in 2...20 { #expect((10...14).contains(bench.checks(UInt32(last)))) }
        #expect((20...28).contains(bench.checks(1)))
        #expect(bench.probers.reduce(0) { $0 + $1.count } == 21)
        #expect(bench.probers.count { $0.count > 0 } > 1)
        #expect(!other.isAvoided)
        // All pools learn of it.
        bench.response = { $0 == ProberBench.address(2) ? "junk\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n" }
        bench.pass(.seconds(20))
        let down = bench.used.filter { $0.flags.contains(.checkedDown) }
        #expect(down.map(\.endpoint) == Array(repeating: ProberBench.address(2), count: 3))
    }

    @Test
    func `Endpoints that hang end at their timeout, have a limit, and do not keep others from their checks`()
    {
        let bench = ProberBench()
        let check = ProberBench.check {
            $0.timeout = .seconds(1)
            $0.fall = 1
        }
        for last in 1...300 { bench.member(UInt32(last), check) }
        bench.response = { $0 == ProberBench.address(7) ? "HTTP/1.1 200 OK\r\n\r\n" : nil }
        for _ in 0..<240 {
            bench.pass(.milliseconds(250))
            #expect(bench.open <= HealthProber.concurrentChecks)
        }
        #expect(bench.used.count { !$0.isAvoided } == 1)
        #expect(bench.used[0].health.transitions.last?.detail == "check_timeout")
        // 300 that hang for a second each, 128 at a time, every 5 s: nobody waits for more than the interval.
        #expect((10...14).contains(bench.checks(7)))
    }

    @Test func `What is not in use, or must not be connected to, is not checked`() {
        let bench = ProberBench()
        let member = bench.member(1, ProberBench.check { $0.start = .down })
        bench.pass(.seconds(10))
        #expect(!member.isAvoided)
        bench.used = []
        bench.pass(.seconds(200))
        let checks = bench.checks()
        bench.pass(.seconds(60))
        // What was found is forgotten.
        #expect(bench.checks() == checks && member.health.state(now: .distantFuture) == .down(.unchecked))
        bench.used = [member]
        bench.pass(.milliseconds(500))
        #expect(bench.checks() == checks + 1 && !member.isAvoided)
        bench.prohibited = [ProberBench.address(1)]
        bench.pass(.seconds(60))
        #expect(bench.checks() == checks + 1 && member.isAvoided)
    }

    @Test func `A check ends with its endpoint, and is another one with other settings`() {
        let bench = ProberBench()
        bench.response = { _ in nil }
        bench.member()
        bench.pass(.seconds(1))
        #expect(bench.open == 1)
        bench.used = []
        bench.pass(.milliseconds(250))
        #expect(bench.open == 0 && bench.probers[0].count == 0)

        bench.member()
        bench.pass(.seconds(1))
        let member = bench.member(1, ProberBench.check { $0.port = 8080 })
        bench.response = { _ in "HTTP/1.1 200 OK\r\n\r\n" }
        bench.pass(.seconds(2))
        #expect(bench.open == 0 && bench.peers.last?.endpoint?.port == 8080)
        withExtendedLifetime(member) {}
    }

    @Test func `A failed connection is a failed check; a lack of descriptors is nothing`() {
        let bench = ProberBench()
        let member = bench.member(1, ProberBench.check { $0.fall = 1 })
        bench.failure = Failure(.outOfDescriptors)
        bench.pass(.seconds(20))
        #expect(!member.isAvoided)
        bench.failure = Failure(.connectionRefused)
        bench.pass(.seconds(6))
        #expect(member.health.transitions.map(\.detail) == ["connection_refused"])
    }

    @Test func `A check of connections is content with one`() {
        let bench = ProberBench()
        let member = bench.member(
            1,
            ProberBench.check {
                $0.kind = .tcp
                $0.start = .fullyDown
            }
        )
        bench.response = { _ in nil }
        bench.pass(.seconds(8))
        #expect(!member.isAvoided && bench.open == 0 && bench.checks() == 2)
        #expect(bench.peers.allSatisfy { $0.heard.isEmpty })
    }

    @Test func `The tier ends: so do its checks`() {
        let bench = ProberBench()
        bench.response = { _ in nil }
        bench.member()
        bench.pass(.seconds(1))
        bench.probers[0].stop()
        #expect(bench.open == 0)
    }

    @Test func `A probe of a command has a result, one at its timeout, and one at the end of the tier`() {
        let bench = ProberBench()
        var endings: [CheckRun.Ending] = []
        let check = PreparedCheck(ProberBench.check(), of: ProberBench.address(1))
        bench.probers[0].probe(check) { endings.append($0) }
        bench.pass(.milliseconds(250))
        #expect(endings == [.outcome(.success)])
        bench.failure = Failure(.connectionRefused)
        bench.probers[0].probe(check) { endings.append($0) }
        #expect(endings.last == .outcome(.failure("connection_refused")))
        bench.failure = nil
        bench.response = { _ in nil }
        bench.probers[0].probe(check) { endings.append($0) }
        bench.pass(.seconds(3))
        #expect(endings.last == .outcome(.failure("check_timeout")) && bench.open == 0)
        bench.probers[0].probe(check) { endings.append($0) }
        #expect(endings.count == 3)
        bench.probers[0].stop()
        #expect(endings.count == 4 && endings.last == .abandoned && bench.open == 0)
        bench.probers[0].probe(check) { endings.append($0) }
        #expect(endings.count == 5 && endings.last == .abandoned)
    }
}
