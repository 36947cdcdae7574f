import HashTreeCollections
import NIOCore
import Routing
import Testing

@testable import Names

@Suite struct AnswerCacheTests {
    private var cache = AnswerCache(maxStale: .seconds(60), positives: 8, negatives: 8)

    private func addresses(_ name: String) -> [NamedAddress]? {
        if case .addresses(let addresses, _)? = cache.answers[name] { return addresses }
        return nil
    }

    private func use(_ name: String) { cache.answers[name]?.use.mark() }

    /// Lets time pass; gives the names to query.
    private mutating func due(_ seconds: Double) -> [String] {
        cache.due(now: at(seconds))
        return cache.takeSends(now: at(seconds))
    }

    @Test mutating func `A name is queried once, however many lookups wait for it`() {
        let first = cache.startQuery("a", now: at(0))
        let second = cache.startQuery("a", now: at(0))
        #expect(first == .waits && second == .waits)
        let sent = cache.takeSends(now: at(0))
        #expect(sent == ["a"])
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        #expect(addresses("a") == [address(1)])
        #expect(cache.pendingQueries == 0)
    }

    @Test mutating func `An answer that nobody uses leaves when its time is over, and not before`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        var asked = due(8)
        #expect(asked.isEmpty && addresses("a") != nil)
        asked = due(9.9)
        #expect(asked.isEmpty && addresses("a") != nil)
        asked = due(10)
        #expect(asked.isEmpty && cache.answers.isEmpty)
    }

    @Test
    mutating func `An answer in use is queried again before it expires; the same one changes nothing`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        cache.changed = []
        use("a")
        let asked = due(8)
        #expect(asked == ["a"])
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(8.1))
        #expect(cache.changed.isEmpty)
        _ = due(11)
        #expect(addresses("a") == [address(1)], "it lives on from the second answer")
        _ = due(18.1)
        #expect(addresses("a") == nil)
    }

    @Test mutating func `An answer's age counts from its last change, and its life from its last arrival`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(8))
        #expect(cache.lifetime(of: "a", now: at(9)) == AnswerLifetime(age: .seconds(9), left: .seconds(9)))
        cache.receive(.addresses([address(2)], ttl: .seconds(10)), for: "a", now: at(10))
        #expect(cache.lifetime(of: "a", now: at(25)) == AnswerLifetime(age: .seconds(15), left: .zero))
        #expect(cache.lifetime(of: "b", now: at(25)) == nil)
    }

    @Test mutating func `All addresses together are bounded: what came first and is not in use makes room`() {
        cache = AnswerCache(maxStale: .seconds(60), positives: 100, negatives: 8, addresses: 10)
        let three = (1...3).map { address(UInt32($0)) }
        for name in ["a", "b", "c"] {
            cache.receive(.addresses(three, ttl: .seconds(10)), for: name, now: at(0))
        }
        #expect(cache.addresses == 9)
        use("a")
        cache.receive(.addresses(three, ttl: .seconds(10)), for: "d", now: at(0))
        #expect(addresses("a") == three && addresses("b") == nil && addresses("d") == three)
        #expect(cache.addresses == 9)
        // A second answer that is longer finds room as well, and a shorter one gives some back.
        cache.receive(.addresses((1...5).map { address($0) }, ttl: .seconds(10)), for: "d", now: at(1))
        #expect(cache.addresses <= 10 && addresses("d")?.count == 5)
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "d", now: at(2))
        _ = due(100)
        #expect(cache.addresses == 0 && cache.answers.isEmpty)
    }

    @Test mutating func `A second answer that differs takes the place of the first`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        use("a")
        _ = due(8)
        cache.changed = []
        cache.receive(.addresses([address(2)], ttl: .seconds(10)), for: "a", now: at(8))
        #expect(cache.changed == ["a"] && addresses("a") == [address(2)])
    }

    @Test mutating func `While the source can't be queried an answer in use serves on for max_stale`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        let failure = NameQueryResult.failed(NameProblem(.unavailable, "down"))
        var now = 8.0
        var attempts = 0
        while now < 100 {
            use("a")
            for name in due(now) {
                attempts += 1
                cache.receive(failure, for: name, now: at(now))
            }
            #expect((addresses("a") != nil) == (now < 70), "at \(now)")
            now += 0.5
        }
        #expect(attempts > 10 && attempts < 40)
    }

    @Test mutating func `An expired answer that nobody used serves again when the source can't be queried`() {
        let failure = NameQueryResult.failed(NameProblem(.unavailable, "down"))
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        _ = due(10)
        #expect(addresses("a") == nil, "whoever wants it asks first")
        cache.receive(failure, for: "a", now: at(20))
        #expect(addresses("a") == [address(1)])
        // Not in use: it waits for the next one who wants it, until max_stale is over.
        _ = due(23)
        #expect(addresses("a") == nil)
        cache.receive(failure, for: "a", now: at(69))
        #expect(addresses("a") == [address(1)])
        _ = due(75)
        cache.receive(failure, for: "a", now: at(76))
        #expect(addresses("a") == nil)
    }

    @Test mutating func `An answer that was had meanwhile is the one that counts`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        _ = due(10)
        cache.receive(.none(ttl: .seconds(1)), for: "a", now: at(11))
        _ = due(13)
        cache.receive(.failed(NameProblem(.unavailable, "down")), for: "a", now: at(14))
        #expect(addresses("a") == nil)
    }

    @Test
    mutating func `The answer that there is no such name replaces addresses, and is kept for its own time`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(10)), for: "a", now: at(0))
        use("a")
        _ = due(8)
        cache.receive(.none(ttl: .seconds(5)), for: "a", now: at(8))
        guard case .some(.none) = cache.answers["a"] else {
            Issue.record("it is not kept")
            return
        }
        _ = due(13)
        #expect(cache.answers.isEmpty)
    }

    @Test
    mutating func `A failure is kept for a moment, so that each request does not wait for the next one`() {
        cache.receive(.failed(NameProblem(.timeout, "late")), for: "a", now: at(0))
        guard case .failed? = cache.answers["a"] else {
            Issue.record("it is not kept")
            return
        }
        _ = due(1)
        #expect(cache.answers.isEmpty)
    }

    @Test mutating func `Many names that exist do not push out the ones in use`() {
        for index in 0..<4 {
            cache.receive(
                .addresses([address(UInt32(index))], ttl: .seconds(60)),
                for: "used\(index)",
                now: at(0)
            )
        }
        for index in 0..<1000 {
            for used in 0..<4 { use("used\(used)") }
            cache.receive(.addresses([address(9)], ttl: .seconds(60)), for: "flood\(index)", now: at(1))
            #expect(cache.positiveAnswers <= 8)
        }
        for index in 0..<4 { #expect(addresses("used\(index)") != nil) }
    }

    @Test mutating func `Many names that do not exist push out other such names, and no addresses`() {
        cache.receive(.addresses([address(1)], ttl: .seconds(60)), for: "a", now: at(0))
        for index in 0..<1000 {
            cache.receive(.none(ttl: .seconds(60)), for: "flood\(index)", now: at(1))
            #expect(cache.negativeAnswers <= 8)
        }
        #expect(addresses("a") != nil && cache.answers["flood999"] != nil)
        // Nothing is left when all have expired.
        _ = due(100)
        #expect(cache.answers.isEmpty && cache.nextDeadline == nil)
    }

    @Test mutating func `Whatever a source says, a life and the number of addresses have their bounds`() {
        let many = (0..<5000).map { address(UInt32($0)) }
        cache.receive(.addresses(many, ttl: .seconds(Int64.max)), for: "a", now: at(0))
        #expect(addresses("a")?.count == NameLimits.addressesOfName)
        cache.receive(.addresses([address(1)], ttl: .zero), for: "b", now: at(0))
        #expect(addresses("b") != nil)
        cache.receive(.addresses([], ttl: .seconds(1)), for: "c", now: at(0))
        #expect(addresses("c") == nil)
    }
}
