import NIOCore
import Testing

@testable import Names

@Suite struct QueryQueueTests {
    private var queue = QueryQueue(places: 2, timeout: .seconds(5))

    private mutating func start(_ kind: QueryQueue.Kind, _ names: String..., now: Double = 0) -> [String] {
        for name in names { _ = queue.start(name, kind, now: at(now)) }
        return queue.takeSends(now: at(now))
    }

    private mutating func end(_ name: String, failed: Bool = false, now: Double) -> [String] {
        _ = queue.end(name, failed: failed, now: at(now))
        return queue.takeSends(now: at(now))
    }

    private func isLate(_ now: Double) -> Bool {
        var queue = queue
        return queue.isLate(now: at(now))
    }

    @Test mutating func `Known names have places of their own, however many others wait`() {
        var sent = start(.new, "x1", "x2", "x3", "x4")
        #expect(sent == ["x4", "x3"])
        sent = start(.refresh, "a", "b", "c")
        #expect(sent == ["a", "b"])
        sent = end("x3", now: 1)
        #expect(sent == ["x2"])
        sent = end("b", now: 1)
        #expect(sent == ["c"])
    }

    @Test
    mutating func `The newest of the other names is sent first: the older ones are about to be given up`() {
        var sent = start(.new, "x1", "x2")
        sent = start(.new, "x3", "x4", "x5")
        #expect(sent.isEmpty)
        sent = end("x1", now: 1)
        #expect(sent == ["x5"])
    }

    @Test mutating func `A query that is abandoned leaves the queue, unless it is sent`() {
        _ = start(.new, "x1", "x2", "x3", "x4")
        queue.abandon("x1")
        queue.abandon("x4")
        #expect(queue.awaited == 3)
        var sent = end("x4", now: 1)
        #expect(sent == ["x2"])
        sent = end("x3", now: 1)
        #expect(sent.isEmpty)
    }

    @Test mutating func `So many other names may wait; known ones always do`() {
        _ = start(.new, "x1", "x2")
        for index in 0..<NameLimits.queries {
            let start = queue.start("n\(index)", .new, now: at(0))
            #expect(start == .started)
        }
        var start = queue.start("more", .new, now: at(0))
        #expect(start == .overloaded)
        start = queue.start("known", .refresh, now: at(0))
        #expect(start == .started)
        // A name that becomes known while it waits moves over.
        start = queue.start("n7", .refresh, now: at(0))
        #expect(start == .started)
        let sent = queue.takeSends(now: at(0))
        #expect(sent == ["known", "n7"])
    }

    @Test mutating func `A query has a result in time, sent or not; a later one is told apart`() {
        _ = start(.new, "x1", "x2", "x3")
        var late = queue.due(now: at(4.9))
        #expect(late.isEmpty && queue.nextDeadline == at(5))
        late = queue.due(now: at(5))
        #expect(Set(late) == ["x1", "x2", "x3"] && queue.awaited == 0)
        // Those that were sent keep their places; whoever wants one again waits for the same query.
        var sent = start(.new, "x4", now: 6)
        #expect(sent.isEmpty)
        let again = queue.start("x2", .new, now: at(6))
        #expect(again == .started)
        var end = queue.end("x3", failed: false, now: at(7))
        #expect(end == .late)
        end = queue.end("x2", failed: false, now: at(7))
        #expect(end == .awaited)
        end = queue.end("x2", failed: false, now: at(7))
        #expect(end == .unknown)
        sent = queue.takeSends(now: at(7))
        #expect(sent == ["x4"])
    }

    @Test
    mutating func `A source is late while a query is open for long, and after a failure or a late result`() {
        _ = start(.refresh, "a")
        #expect(!isLate(0.5))
        #expect(isLate(0.6))
        _ = end("a", now: 0.7)
        #expect(isLate(0.7), "the result came late")
        _ = start(.refresh, "a", now: 1)
        _ = end("a", now: 1.1)
        #expect(!isLate(5))
        _ = start(.refresh, "a", now: 5)
        _ = end("a", failed: true, now: 5)
        #expect(isLate(5))
        _ = start(.refresh, "a", now: 6)
        _ = end("a", now: 6)
        _ = start(.refresh, "a", "b", now: 7)
        #expect(isLate(7), "all places are taken")
    }

    @Test mutating func `Queries that come and go beside one without end leave nothing behind`() {
        _ = start(.refresh, "hangs")
        for index in 0..<100_000 {
            _ = start(.refresh, "a", now: Double(index) / 1000)
            _ = end("a", now: Double(index) / 1000)
        }
        #expect(queue.awaited == 1 && queue.positions < 10_000)
    }
}
