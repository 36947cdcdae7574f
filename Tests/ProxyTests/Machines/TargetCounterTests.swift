import NIOEmbedded
import Routing
import Testing

@testable import ProxyCore

/// Whose turn it is at a target, on all loops.
@Suite struct TargetCounterTests {
    private static func waits() -> PlaceWaits { PlaceWaits(loop: EmbeddedEventLoop()) }

    @Test func `Those that wait come in their order, each once`() {
        let line = PlaceLine()
        let (here, there) = (Self.waits(), Self.waits())
        let numbers = [here, there, here].map { line.join($0, limit: 3) }
        #expect(numbers == [1, 2, 3])
        #expect(line.join(there, limit: 3) == nil)
        #expect(line.next()?.waits === here && line.next()?.waits === there && line.next()?.number == 3)
        #expect(line.next() == nil)
    }

    @Test func `One that found no place is the next again, and one that has gone is passed over`() {
        let line = PlaceLine()
        let waits = Self.waits()
        for _ in 0..<4 { _ = line.join(waits, limit: 9) }
        #expect(line.next()?.number == 1)
        line.again(1)
        #expect(line.next()?.number == 1)
        // It knew of a place, the next one did not.
        #expect(line.part(1) && !line.part(2))
        #expect(line.next()?.number == 3)
        #expect(!line.part(1))
    }

    @Test func `A place is told of only where somebody waits`() {
        let counters = TargetCounters()
        let counter = counters.counter(for: TargetKey(Target(name: "a")))
        #expect(counter.enter(limit: 1) && !counter.enter(limit: 1))
        counter.leave()
        let waits = Self.waits()
        #expect(counter.join(waits, limit: 1) == 1 && counter.join(waits, limit: 1) == nil)
        #expect(counter.waitingCount == 1 && counter.requestCount == 0)
        counter.part(1, hasPlace: false)
        #expect(counter.waitingCount == 0)
    }
}
