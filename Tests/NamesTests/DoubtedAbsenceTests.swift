import HashTreeCollections
import NIOCore
import Testing

@testable import Names

/// A source that reports a dead server as a name that does not exist.
@Suite struct DoubtedAbsenceTests {
    private var cache = Self.cache(witness: nil)
    private let good = NameQueryResult.addresses([address(1)], ttl: .seconds(10))
    private let none = NameQueryResult.none(ttl: .seconds(5))

    private static func cache(witness: String?, fixed: Set<String> = []) -> AnswerCache {
        AnswerCache(
            label: "system",
            QueryTraits(places: 4, timeout: .seconds(5), absence: .doubtful(witness: witness)),
            maxStale: .seconds(600),
            isFixed: { fixed.contains($0) }
        )
    }

    private func serves(_ name: String) -> Bool {
        if case .addresses? = cache.answers[name] { return true }
        return false
    }

    /// Second by second, with all names in use; `exist` have an address.
    ///
    /// - Returns: the first second at which each name of `names` did not serve.
    private mutating func run(
        _ seconds: Range<Int>,
        using names: [String],
        exist: (String, Int) -> Bool
    ) -> [String: Int] {
        var lost: [String: Int] = [:]
        for second in seconds {
            for name in names { cache.answers[name]?.use.mark() }
            cache.due(now: at(Double(second)))
            // Results cause queries of witnesses.
            for _ in 0..<10 {
                for name in cache.takeSends(now: at(Double(second))) {
                    cache.receive(exist(name, second) ? good : none, for: name, now: at(Double(second)))
                }
            }
            for name in names where !serves(name) && lost[name] == nil { lost[name] = second }
        }
        return lost
    }

    @Test mutating func `A server that is down takes no name, and comes back`() {
        for name in ["a", "b", "c"] { cache.receive(good, for: name, now: at(0)) }
        let lost = run(1..<600, using: ["a", "b", "c"]) { _, _ in false }
        #expect(lost == [:] && cache.outage?.contains("not found") == true)
        _ = run(600..<620, using: ["a", "b", "c"]) { _, _ in true }
        #expect(cache.outage == nil)
    }

    @Test mutating func `No longer than max_stale`() {
        for name in ["a", "b"] { cache.receive(good, for: name, now: at(0)) }
        let lost = run(1..<700, using: ["a", "b"]) { _, _ in false }
        #expect(lost["a"].map { (609...612).contains($0) } == true)
    }

    @Test mutating func `A name is gone if another one still resolves`() {
        for name in ["a", "b", "c"] { cache.receive(good, for: name, now: at(0)) }
        let lost = run(1..<60, using: ["a", "b", "c"]) { name, _ in name != "a" }
        #expect(lost == ["a": 8], "at its refresh")
        #expect(cache.outage == nil)
    }

    @Test mutating func `Also if the witness was not in use for long`() {
        for name in ["a", "b"] { cache.receive(good, for: name, now: at(0)) }
        let lost = run(1..<300, using: ["a"]) { name, second in name == "b" || second < 250 }
        #expect(lost["a"].map { (250..<260).contains($0) } == true)
    }

    @Test mutating func `A name that nothing testifies for is gone after a minute of equal results`() {
        cache.receive(good, for: "a", now: at(0))
        let lost = run(1..<200, using: ["a"]) { _, _ in false }
        #expect(lost["a"].map { (68...71).contains($0) } == true)
        #expect(cache.outage == nil, "the source responds")
    }

    @Test mutating func `A failure amid the minute begins another one`() {
        cache.receive(good, for: "a", now: at(0))
        _ = run(1..<40, using: ["a"]) { _, _ in false }
        cache.receive(.failed(NameProblem(.unavailable, "down")), for: "a", now: at(40))
        let lost = run(40..<200, using: ["a"]) { _, _ in false }
        #expect(lost["a"].map { (100...104).contains($0) } == true)
    }

    @Test mutating func `Names of the hosts file testify for no server`() {
        cache = Self.cache(witness: nil, fixed: ["printer"])
        for name in ["a", "b", "printer"] { cache.receive(good, for: name, now: at(0)) }
        let lost = run(1..<300, using: ["a", "b", "printer"]) { name, _ in name == "printer" }
        #expect(lost == [:])
    }

    @Test mutating func `Where several names go at once while others stay, each has a minute`() {
        for name in ["nis1", "nis2", "dns"] { cache.receive(good, for: name, now: at(0)) }
        // One of several servers is down for half a minute.
        var lost = run(1..<200, using: ["nis1", "nis2", "dns"]) { name, second in
            name == "dns" || !(20..<50).contains(second)
        }
        #expect(lost == [:])
        lost = run(200..<400, using: ["nis1", "nis2", "dns"]) { name, _ in name == "dns" }
        #expect(lost["nis1"].map { $0 > 250 } == true && lost["dns"] == nil)
    }

    @Test mutating func `A configured witness alone decides`() {
        cache = Self.cache(witness: "w")
        for name in ["a", "dns"] { cache.receive(good, for: name, now: at(0)) }
        var lost = run(1..<300, using: ["a", "dns"]) { name, _ in name == "dns" }
        #expect(lost == [:], "the witness is not found")
        lost = run(300..<320, using: ["a", "dns"]) { name, _ in name != "a" }
        #expect(lost["a"].map { $0 < 305 } == true && lost["dns"] == nil)
    }

    @Test mutating func `The witness itself is never gone while it is in use`() {
        cache = Self.cache(witness: "w")
        for name in ["a", "w"] { cache.receive(good, for: name, now: at(0)) }
        let lost = run(1..<500, using: ["a", "w"]) { _, _ in false }
        #expect(lost == [:])
    }

    @Test mutating func `A name whose answer has expired serves again, and its absence is doubted`() {
        for name in ["a", "b"] { cache.receive(good, for: name, now: at(0)) }
        cache.due(now: at(20))
        #expect(!serves("a"))
        _ = cache.startQuery("a", now: at(100))
        let sent = cache.takeSends(now: at(100))
        #expect(sent == ["a"])
        cache.receive(none, for: "a", now: at(100))
        #expect(serves("a"))
        let witnesses = cache.takeSends(now: at(100))
        #expect(witnesses == ["b"])
        cache.receive(none, for: "b", now: at(100))
        #expect(serves("a") && cache.outage != nil)
    }

    @Test mutating func `A name that never had an answer does not exist`() {
        cache.receive(good, for: "a", now: at(0))
        cache.receive(none, for: "x", now: at(0))
        guard case .some(.none) = cache.answers["x"] else {
            Issue.record("it is doubted")
            return
        }
    }

    @Test mutating func `A witness that hangs testifies by its timeout`() {
        for name in ["a", "b"] { cache.receive(good, for: name, now: at(0)) }
        cache.answers["a"]?.use.mark()
        cache.due(now: at(8))
        _ = cache.takeSends(now: at(8))
        cache.receive(none, for: "a", now: at(8))
        let witnesses = cache.takeSends(now: at(8))
        #expect(witnesses == ["b"])
        cache.due(now: at(13))
        #expect(serves("a") && cache.outage != nil)
    }
}
