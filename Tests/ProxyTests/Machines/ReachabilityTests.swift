import NIOCore
import Testing

@testable import ProxyCore

@Suite struct ReachabilityTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func `An endpoint is avoided after a failure, and used again after a connection`() {
        var endpoint = Reachability()
        endpoint.connecting(now: start)
        #expect(!endpoint.isAvoided)
        endpoint.failed(now: start)
        #expect(endpoint.isAvoided)
        endpoint.connecting(now: start)
        endpoint.connected(now: start)
        #expect(!endpoint.isAvoided)
    }

    @Test func `An attempt that hangs is enough, before it has failed`() {
        var endpoint = Reachability()
        endpoint.connecting(now: start)
        _ = endpoint.tick(now: start + .milliseconds(499))
        #expect(!endpoint.isAvoided)
        _ = endpoint.tick(now: start + .milliseconds(500))
        #expect(endpoint.isAvoided)
        endpoint.connected(now: start + .milliseconds(600))
        #expect(!endpoint.isAvoided)
    }

    @Test func `Probes back off, up to a limit, one at a time`() {
        var endpoint = Reachability()
        var now = start
        var waits: [Int64] = []
        endpoint.connecting(now: now)
        for _ in 0..<8 {
            endpoint.failed(now: now)
            let failedAt = now
            while !endpoint.tick(now: now) { now = now + .milliseconds(250) }
            waits.append((now - failedAt).nanoseconds / 1_000_000_000)
            endpoint.connecting(now: now)
            let again = endpoint.tick(now: now + .hours(1))
            #expect(!again)
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func `A lack of descriptors says nothing about the endpoint`() {
        var endpoint = Reachability()
        endpoint.connecting(now: start)
        endpoint.abandoned(now: start)
        let probe = endpoint.tick(now: start + .hours(1))
        #expect(!endpoint.isAvoided && !probe)
    }

    @Test func `A probe without a descriptor is not the last one`() {
        var endpoint = Reachability()
        endpoint.connecting(now: start)
        endpoint.failed(now: start)
        let first = endpoint.tick(now: start + .seconds(1))
        endpoint.connecting(now: start + .seconds(1))
        endpoint.abandoned(now: start + .seconds(1))
        let second = endpoint.tick(now: start + .seconds(2))
        #expect(first && second)
    }

    @Test func `Attempts that fail together are one failure`() {
        var endpoint = Reachability()
        for _ in 0..<64 { endpoint.connecting(now: start) }
        for _ in 0..<64 { endpoint.failed(now: start) }
        let probe = endpoint.tick(now: start + .seconds(1))
        #expect(probe)
    }
}
