import NIOCore
import Testing

@testable import EpollLoop

@Suite struct LoopUsageTests {
    @Test func `Work is summed up, and the longest stretch is that since it was last read`() {
        let start = NIODeadline.uptimeNanoseconds(1000)
        var usage = LoopUsage()
        usage.worked(from: start, to: start + .nanoseconds(30))
        usage.worked(from: start + .nanoseconds(100), to: start + .nanoseconds(120))
        // The present round counts, too.
        let first = usage.take(from: start + .nanoseconds(200), to: start + .nanoseconds(210))
        #expect(first.busy == 60 && first.longest == 30)
        usage.worked(from: start + .nanoseconds(200), to: start + .nanoseconds(205))
        let second = usage.take(from: start + .nanoseconds(300), to: start + .nanoseconds(301))
        #expect(second.busy == 56 && second.longest == 5)
    }

    @Test func `A clock that stands still, or goes back, counts nothing`() {
        var usage = LoopUsage()
        usage.worked(from: .uptimeNanoseconds(10), to: .uptimeNanoseconds(10))
        usage.worked(from: .uptimeNanoseconds(10), to: .uptimeNanoseconds(5))
        #expect(usage == LoopUsage())
    }
}
