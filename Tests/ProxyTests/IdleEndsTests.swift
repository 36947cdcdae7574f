import NIOCore
import Testing

@testable import Proxy

@Suite struct IdleEndsTests {
    private let start = NIODeadline.uptimeNanoseconds(7)

    @Test(arguments: [0, 1, 3, 40, 1000, 12_345])
    func `Idle connections close spread over the time, after a grace, and all of them`(count: Int) {
        let ends = IdleEnds(from: start, over: .seconds(10), interval: .milliseconds(250))
        var left = count
        var most = 0
        var now = start
        while !ends.areOver(now: now) {
            let closing = ends.count(of: left, now: now)
            if now - start < .milliseconds(2500) { #expect(closing == 0) }
            #expect(closing <= left)
            most = max(most, closing)
            left -= closing
            now = now + .milliseconds(250)
        }
        #expect(left == 0)
        // 30 ticks; none has much more than its share.
        #expect(most <= count / 30 + 1)
    }

    @Test func `Ticks that come late close more`() {
        let ends = IdleEnds(from: start, over: .seconds(4), interval: .milliseconds(250))
        #expect(ends.count(of: 100, now: start + .milliseconds(3900)) == 100)
        #expect(ends.count(of: 100, now: start + .seconds(9)) == 100)
        #expect(ends.areOver(now: start + .seconds(4)))
    }
}

@Suite struct LoopPulseTests {
    private let start = NIODeadline.uptimeNanoseconds(7)

    private func beats() -> LoopPulse.Beats {
        LoopPulse.Beats(loops: 2, patience: .seconds(2), interval: .seconds(1))
    }

    /// Whether a signal is due at each beat.
    private func due(_ beats: inout LoopPulse.Beats, _ all: (loop: Int, milliseconds: Int64)...) -> [Bool] {
        all.map { beats.beat(of: $0.loop, now: start + .milliseconds($0.milliseconds)) }
    }

    @Test func `A signal is due when all loops turn, and not more often than its interval`() {
        var beats = beats()
        let due = due(&beats, (0, 0), (1, 0), (0, 250), (1, 999), (0, 1000))
        #expect(due == [false, true, false, false, true])
    }

    @Test func `A loop that stands still ends the signals, and they go on when it turns again`() {
        var beats = beats()
        #expect(due(&beats, (0, 0), (1, 0)) == [false, true])
        var last: Int64 = 0
        for step in 1...40 where due(&beats, (0, Int64(step) * 250)) == [true] { last = Int64(step) * 250 }
        #expect(last <= 2000)
        // The first has not turned for a second, then for four.
        #expect(due(&beats, (1, 11_000), (1, 14_000), (0, 14_500)) == [true, false, true])
    }

    @Test func `A loop that there is not means nothing`() {
        var beats = beats()
        #expect(due(&beats, (7, 0), (-1, 0)) == [false, false])
    }
}

@Suite struct InheritedSocketsTests {
    @Test func `Each socket has an owner, and each loop a socket`() {
        for (sockets, loops) in [(1, 1), (2, 2), (1, 4), (4, 1), (5, 3), (3, 5)] {
            let owners = InheritedSockets.owners(sockets: sockets, loops: loops)
            #expect(Set(owners.compactMap(\.socket)) == Set(0..<sockets))
            #expect(Set(owners.map(\.loop)) == Set(0..<loops))
            #expect(owners.count == max(sockets, loops))
            #expect(owners.count { $0.socket == nil } == max(0, loops - sockets))
        }
    }
}
