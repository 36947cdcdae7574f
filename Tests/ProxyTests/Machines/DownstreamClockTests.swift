import NIOCore
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

@Suite struct DownstreamClockTests {
    private static let start = NIODeadline.uptimeNanoseconds(0)
    private static let timeouts = Timeouts(Timeouts(), TimeAmount.init)

    /// The first verdict other than `wait`, and the second at which it comes.
    private func first(
        _ clock: DownstreamClock,
        _ phase: DownstreamPhase,
        isBlocked: Bool = false,
        isFirst: Bool = false
    ) -> (Int64, DownstreamClock.Verdict)? {
        for second in Int64(0)...120 {
            let now = Self.start + .seconds(second)
            let verdict = clock.verdict(
                phase,
                isBlocked: isBlocked,
                isFirst: isFirst,
                Self.timeouts,
                now: now
            )
            if verdict != .wait, verdict != .releaseBuffers { return (second, verdict) }
        }
        return nil
    }

    @Test func `Each phase ends at its time`() {
        let clock = DownstreamClock(now: Self.start)
        #expect(first(clock, .idle)! == (75, .abort))
        #expect(first(clock, .idle, isFirst: true)! == (60, .abort))
        #expect(first(clock, .idle, isBlocked: true)! == (60, .abort))
        #expect(first(clock, .discarding)! == (5, .closeGently))
        #expect(first(clock, .lingering)! == (5, .abort))
        #expect(first(clock, .lingering, isBlocked: true)! == (60, .abort))
        for phase in [DownstreamPhase.exchange, .tunnel, .closed] { #expect(first(clock, phase) == nil) }
    }

    @Test func `A head's time begins with its first bytes, once`() {
        var clock = DownstreamClock(now: Self.start)
        clock.headArrives(now: Self.start + .seconds(10))
        clock.headArrives(now: Self.start + .seconds(20))
        #expect(first(clock, .idle)! == (70, .headIsLate))
        clock.headEnded()
        #expect(first(clock, .idle)! == (85, .abort))
    }

    @Test func `A client that goes on sending after its response is not waited for without end`() {
        var clock = DownstreamClock(now: Self.start)
        for second in Int64(1)...40 { clock.restart(now: Self.start + .seconds(second)) }
        #expect(first(clock, .lingering)! == (30, .abort))
    }

    @Test func `An idle connection gives its buffers back after a second`() {
        let clock = DownstreamClock(now: Self.start)
        let now = Self.start + .seconds(1)
        #expect(
            clock.verdict(.idle, isBlocked: false, isFirst: false, Self.timeouts, now: now) == .releaseBuffers
        )
    }

    @Test func `What a client accepts of a handshake does not give it more time for its first byte`() {
        let clock = DownstreamClock(now: Self.start)
        #expect(first(clock, .idle, isBlocked: true, isFirst: true)! == (60, .abort))
    }
}
