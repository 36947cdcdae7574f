import HashTreeCollections
import NIOCore
import Testing

@testable import Names

/// Answers whose refresh waits, hangs or fails (RFC 8767).
@Suite struct StaleAnswerTests {
    private var cache = AnswerCache(
        label: "system",
        QueryTraits(places: 2, timeout: .seconds(5)),
        maxStale: .seconds(600)
    )
    private let good = NameQueryResult.addresses([address(1)], ttl: .seconds(10))

    private func serves(_ name: String) -> Bool {
        if case .addresses? = cache.answers[name] { return true }
        return false
    }

    private func use(_ name: String) { cache.answers[name]?.use.mark() }

    private mutating func due(_ seconds: Double) -> [String] {
        cache.due(now: at(seconds))
        return cache.takeSends(now: at(seconds))
    }

    /// Queries a name; gives whether an old answer serves at once.
    private mutating func ask(_ name: String, _ seconds: Double) -> Bool {
        let start = cache.startQuery(name, now: at(seconds))
        return start == .answered
    }

    @Test mutating func `A source that hangs takes no answer in use, until max_stale`() {
        cache.receive(good, for: "a", now: at(0))
        var sent = 0
        for tenth in 1..<7000 {
            use("a")
            sent += due(Double(tenth) / 10).count
            #expect(serves("a") == (tenth < 6100), "at \(tenth / 10)")
        }
        #expect(sent == 1, "the one that hangs is not repeated")
        // The reply, after all.
        cache.receive(good, for: "a", now: at(701))
        #expect(serves("a") && cache.pendingQueries == 0)
    }

    @Test mutating func `A query fails at its timeout, and its result is used when it comes`() {
        _ = ask("a", 0)
        _ = due(0)
        _ = due(5)
        guard case .failed(let problem, _)? = cache.answers["a"] else {
            Issue.record("it has not failed")
            return
        }
        #expect(problem.kind == .timeout && cache.failures == 1)
        cache.receive(good, for: "a", now: at(9))
        #expect(serves("a"))
        // A failure that comes late is not counted twice.
        _ = ask("b", 10)
        _ = due(10)
        _ = due(15)
        cache.receive(.failed(NameProblem(.unavailable, "down")), for: "b", now: at(16))
        #expect(cache.failures == 2)
    }

    @Test
    mutating func `A name that is needed less than once per ttl serves at once while the source is late`() {
        cache.receive(good, for: "a", now: at(0))
        cache.receive(good, for: "b", now: at(0))
        _ = due(20)
        #expect(!serves("a") && !serves("b"))
        // Not known to be late: the query may take its time, but not long.
        let atOnce = ask("a", 100)
        #expect(!atOnce)
        _ = due(100)
        #expect(!serves("a") && cache.nextDeadline == at(100.5))
        _ = due(100.5)
        #expect(serves("a"))
        let second = ask("b", 101)
        #expect(second && serves("b"))
        // It hangs on, and nobody needs them: they serve as soon as they are needed again.
        for second in 102..<300 { _ = due(Double(second)) }
        let third = serves("b") ? true : ask("b", 300)
        #expect(third && serves("b"))
    }

    @Test mutating func `A flood of other names neither delays a refresh nor drops an answer`() {
        cache.receive(good, for: "a", now: at(0))
        for index in 0..<(2 * NameLimits.queries) { _ = ask("x\(index)", 1) }
        var sent = due(1)
        #expect(sent.count == 2)
        use("a")
        sent = due(8)
        #expect(sent.contains("a"))
        cache.receive(good, for: "a", now: at(8.1))
        // One whose answer has expired goes before all of them, too.
        _ = due(30)
        for index in 0..<NameLimits.queries { _ = ask("y\(index)", 30) }
        _ = due(30)
        let atOnce = ask("a", 30)
        sent = due(30)
        #expect((atOnce || sent == ["a"]) && sent.contains("a"))
    }

    @Test mutating func `An answer in use that is evicted serves again`() {
        cache = AnswerCache(QueryTraits(places: 2), maxStale: .seconds(60), positives: 100, negatives: 100)
        for index in 0..<100 { cache.receive(good, for: "n\(index)", now: at(0)) }
        for index in 0..<100 { use("n\(index)") }
        cache.receive(good, for: "more", now: at(1))
        let evicted = (0..<100).filter { !serves("n\($0)") }
        #expect(evicted.count == 1)
        for index in evicted { #expect(cache.isKnown("n\(index)", now: at(1))) }
    }

    @Test mutating func `That a name does not exist serves on, too, if another source has it`() {
        let none = NameQueryResult.none(ttl: .seconds(5))
        cache.receive(none, for: "a", now: at(0))
        use("a")
        var sent = due(5)
        #expect(sent == ["a"] && cache.answers["a"] != nil)
        cache.receive(none, for: "a", now: at(5.1))
        sent = due(11)
        #expect(sent.isEmpty && cache.answers["a"] == nil, "not in use any longer")
        // It is known: its query has a place, and the old answer serves while the source is late.
        let atOnce = ask("a", 20)
        sent = due(20)
        #expect(!atOnce && sent == ["a"])
        _ = due(20.5)
        guard case .some(.none) = cache.answers["a"] else {
            Issue.record("it does not serve")
            return
        }
    }
}
