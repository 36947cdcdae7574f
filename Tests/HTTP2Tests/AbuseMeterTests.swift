import NIOCore
import Testing

@testable import HTTP2

@Suite struct AbuseMeterTests {
    private let start = NIODeadline.uptimeNanoseconds(0)

    private func isExceeded(_ meter: inout AbuseMeter, after time: TimeAmount = .zero) -> Bool {
        meter.isExceeded(now: start + time)
    }

    @Test func `A flood exceeds what a client has, and time gives some of it back`() {
        var meter = AbuseMeter(now: start)
        for _ in 0..<AbuseMeter.capacity { meter.spend(.control) }
        #expect(!isExceeded(&meter))
        for _ in 0..<50 { meter.spend(.control) }
        #expect(isExceeded(&meter))
        #expect(!isExceeded(&meter, after: .seconds(1)))
        for _ in 0..<60 { meter.spend(.reset) }
        #expect(isExceeded(&meter, after: .milliseconds(1900)))
        #expect(meter.resets == 60)
    }

    @Test func `Messages and content earn, up to a bound`() {
        var meter = AbuseMeter(now: start)
        for _ in 0..<10_000 {
            meter.streamCompleted()
            meter.contentPassed()
        }
        for _ in 0...AbuseMeter.capacity { meter.spend(.control) }
        #expect(isExceeded(&meter))
    }

    @Test func `Some tens of heads without bounds are a flood`() {
        var meter = AbuseMeter(now: start)
        for _ in 0..<40 { meter.spend(.boundlessHead) }
        #expect(!isExceeded(&meter))
        meter.spend(.boundlessHead)
        #expect(isExceeded(&meter))
    }

    @Test func `A stream that is reset after each message is no flood`() {
        var meter = AbuseMeter(now: start)
        for _ in 0..<10_000 {
            meter.spend(.reset)
            meter.streamCompleted()
        }
        #expect(!isExceeded(&meter))
    }
}
