import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

@Suite struct DecisionCacheTests {
    private static let size = 4_096

    private static func entry(_ host: String) throws -> DecisionCacheEntry {
        let table = try RouteTable([
            RuleDefinition(name: "rule", host: "*.test.priv", action: .forward(to: "name"))
        ])
        let decision = table.decide(host: try HostName("x.test.priv"), client: IPAddress(v4: 0x7F00_0001))
        return DecisionCacheEntry(raw: Array(host.utf8), cached: CachedDecision(decision))
    }

    private static func asked(_ host: String, _ memory: inout DecisionCache, _ like: DecisionCacheEntry)
        -> Bool
    {
        let raw = Array(host.utf8)
        if let known = memory.find(raw.span) {
            #expect(known.raw == raw)
            return true
        }
        memory.insert(DecisionCacheEntry(raw: raw, cached: like.cached))
        return false
    }

    @Test func `A host is found again, and another is not`() throws {
        var memory = DecisionCache(size: 4, seed: 1)
        let entry = try Self.entry("a.test.priv")
        memory.insert(entry)
        #expect(memory.find(Array("a.test.priv".utf8).span) === entry)
        #expect(memory.find(Array("b.test.priv".utf8).span) == nil)
        #expect(memory.find(Array("a.test.pri".utf8).span) == nil)
        #expect(memory.find([UInt8]().span) == nil)
        memory.removeAll()
        #expect(memory.find(Array("a.test.priv".utf8).span) == nil)
    }

    @Test func `What no rule wants is remembered too`() throws {
        let table = try RouteTable([
            RuleDefinition(name: "rule", host: "a", action: .forward(to: "name"))
        ])
        let decision = table.decide(host: try HostName("b"), client: IPAddress(v4: 0x7F00_0001))
        #expect(decision.dependsOnHostAlone)
        var memory = DecisionCache(size: 4, seed: 1)
        memory.insert(DecisionCacheEntry(raw: Array("b".utf8), cached: CachedDecision(decision)))
        #expect(
            memory.find(Array("b".utf8).span)?.cached.decision.description == "no rule: refused, 404 no_rule"
        )
    }

    /// Each of the flood's hosts comes `times` in a row; a hot one comes after each tenth.
    @Test(arguments: [1, 2, 3])
    func `A flood of a million hosts does not push out the hot ones`(times: Int) async throws {
        let seed = TestSeed.make(for: #function)
        let like = try Self.entry("like")
        var memory = DecisionCache(size: Self.size, seed: seed)
        let hot = (0..<512).map { "shop\($0).test.priv" }
        for _ in 0..<4 {
            for host in hot { _ = Self.asked(host, &memory, like) }
        }
        var misses = 0
        var next = 0
        for number in 0..<(1_000_000 / times) {
            if number % 10_000 == 0 { await Task.yield() }
            for _ in 0..<times { _ = Self.asked("r\(number &* 7_919).flood.example", &memory, like) }
            guard number % 10 == 0 else { continue }
            if !Self.asked(hot[next % hot.count], &memory, like) { misses += 1 }
            next += 1
        }
        // Of the hot ones, five may happen to share four places.
        #expect(misses * 100 <= next * 3, "seed \(seed): \(misses) of \(next)")
        let kept = hot.filter { memory.find(Array($0.utf8).span) != nil }.count
        #expect(kept >= hot.count * 97 / 100, "seed \(seed): \(kept)")
    }

    @Test func `A host that becomes hot during a flood is soon remembered`() async throws {
        let seed = TestSeed.make(for: #function)
        let like = try Self.entry("like")
        var memory = DecisionCache(size: Self.size, seed: seed)
        for number in 0..<100_000 {
            if number % 10_000 == 0 { await Task.yield() }
            _ = Self.asked("r\(number).flood.example", &memory, like)
        }
        var hits = 0
        for number in 0..<1_000 {
            for other in 0..<10 { _ = Self.asked("s\(number)x\(other).flood.example", &memory, like) }
            if Self.asked("new.test.priv", &memory, like) { hits += 1 }
        }
        #expect(hits > 990, "seed \(seed)")
    }

    @Test func `Hosts that went out of use make room`() throws {
        let seed = TestSeed.make(for: #function)
        let like = try Self.entry("like")
        var memory = DecisionCache(size: 256, seed: seed)
        for _ in 0..<40 {
            for number in 0..<256 { _ = Self.asked("old\(number).test.priv", &memory, like) }
        }
        var hits = 0
        for round in 0..<600 {
            for number in 0..<64 where Self.asked("new\(number).test.priv", &memory, like) {
                if round >= 500 { hits += 1 }
            }
        }
        // Of each set of four places the most: five of them may have one in common.
        #expect(hits > 64 * 100 * 3 / 4, "seed \(seed): \(hits)")
    }

    @Test func `No more is kept than there are places`() throws {
        let like = try Self.entry("like")
        var memory = DecisionCache(size: 64, seed: 3)
        var kept: [Weak] = []
        for number in 0..<20_000 {
            let entry = DecisionCacheEntry(raw: Array("h\(number / 3)".utf8), cached: like.cached)
            let raw = entry.raw
            if memory.find(raw.span) == nil {
                memory.insert(entry)
                kept.append(Weak(entry))
            }
        }
        #expect(kept.count { $0.entry != nil } <= 64)
    }

    private struct Weak {
        weak var entry: DecisionCacheEntry?

        init(_ entry: DecisionCacheEntry) {
            self.entry = entry
        }
    }
}
