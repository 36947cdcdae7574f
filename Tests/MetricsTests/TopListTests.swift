import Metrics
import TestSupport
import Testing

extension TopHosts {
    mutating func add(_ received: Span<UInt8>, _ counted: TopFigures) {
        if let hash = hash(of: received) { add(received, hash: hash, counted) }
    }
}

@Suite struct TopListTests {
    private let hash = ByteHash(seed: 7)

    private func add(_ key: String, _ weight: UInt64, to list: inout TopList) {
        let bytes = Array(key.utf8)
        let hash = hash(bytes.span)
        let figures = TopFigures(requests: 1)
        if list.add(hash: hash, weight: weight, figures) { return }
        list.insert(bytes.span, hash: hash, weight: weight, figures)
    }

    @Test(arguments: TestSeed.arguments(for: "top lists", and: 1))
    func `A weight is never too small, too large by at most its excess, and the heavy keys are there`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed)
        var list = TopList(capacity: 20)
        var exact: [String: UInt64] = [:]
        var total: UInt64 = 0
        for _ in 0..<20_000 {
            // Few keys come often, many come seldom.
            let range = Bool.random(using: &random) ? 0..<8 : 0..<5000
            let key = "k\(Int.random(in: range, using: &random)).example"
            let weight = UInt64.random(in: 1...100, using: &random)
            add(key, weight, to: &list)
            exact[key, default: 0] += weight
            total += weight
        }
        let entries = list.entries
        #expect(entries.count == 20)
        #expect(entries.reduce(0) { $0 + $1.weight } == total)
        #expect(Set(entries.map(\.key)).count == 20)
        for entry in entries {
            let weight = exact[String(decoding: entry.key, as: UTF8.self)] ?? 0
            #expect(entry.weight >= weight && entry.weight - entry.excess <= weight)
        }
        for (key, weight) in exact where weight > total / 20 {
            #expect(entries.contains { $0.key == Array(key.utf8) }, "\(key)")
        }
    }

    @Test(arguments: TestSeed.arguments(for: "top lists with few keys", and: 1))
    func `With no more keys than places all counts are exact`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var list = TopList(capacity: 10)
        var exact: [[UInt8]: UInt64] = [:]
        for _ in 0..<5000 {
            let key = "host\(Int.random(in: 0..<10, using: &random))"
            add(key, 1, to: &list)
            exact[Array(key.utf8), default: 0] += 1
        }
        #expect(Dictionary(uniqueKeysWithValues: list.entries.map { ($0.key, $0.weight) }) == exact)
        #expect(list.entries.allSatisfy { $0.excess == 0 && $0.figures.requests == $0.weight })
    }

    @Test func `Hosts that came two periods ago are forgotten`() {
        var hosts = TopHosts(capacity: 10, seed: 1, now: 0)
        let (old, new) = (Array("old".utf8), Array("new".utf8))
        hosts.add(old.span, TopFigures(requests: 1))
        hosts.tick(now: TopHosts.period)
        hosts.add(new.span, TopFigures(requests: 1))
        #expect(hosts.entries(by: .requests, now: TopHosts.period).entries.map(\.key) == [new, old])
        hosts.tick(now: 2 * TopHosts.period)
        let (entries, window) = hosts.entries(by: .requests, now: 2 * TopHosts.period + 5)
        #expect(entries.map(\.key) == [new])
        #expect(window == TopHosts.period + 5)
    }

    @Test(arguments: [
        ("A.Example", "a.example"), ("a:80", "a"), ("[::1]:80", "[::1]"), ("", nil), (":80", nil),
        (String(repeating: "x", count: 300), String(repeating: "x", count: 255)),
    ])
    func `A host is counted in lower case, without its port, and cut at a bound`(host: String, key: String?) {
        var hosts = TopHosts(capacity: 10, seed: 1, now: 0)
        let bytes = Array(host.utf8)
        hosts.add(bytes.span, TopFigures(requests: 1))
        let keys = hosts.entries(by: .requests, now: 0).entries.map {
            String(decoding: $0.key, as: UTF8.self)
        }
        #expect(keys == (key.map { [$0] } ?? []))
    }
}
