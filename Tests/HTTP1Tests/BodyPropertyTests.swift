import FuzzChecks
import HTTP1
import TestSupport
import Testing

@Suite struct BodyPropertyTests {
    private static let seeds = TestSeed.arguments(for: "BodyPropertyTests", and: 1, 2)

    @Test(arguments: Self.seeds)
    func `Good bodies come out canonical, with the same content, in any reads`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<400 {
            let body = GeneratedBody(using: &random)
            let next = Array("GET / HTTP/1.1\r\n".utf8)
            let whole = decode(body.bytes + next)
            #expect(whole.end == .complete(body.bytes.count), "seed \(seed)")
            #expect(whole.content == body.content, "seed \(seed)")
            #expect(whole.bodyBytes == UInt64(body.content.count), "seed \(seed)")
            let trailers = body.trailers.map { String($0.prefix { $0 != "\r\n" }) }
            let verdict = ReferenceChunked.read(whole.passed)
            #expect(
                verdict == .whole(content: body.content, trailers: trailers, length: whole.passed.count),
                "seed \(seed): \(text(whole.passed))"
            )
            check(body.bytes + next, whole, seed, &random)
        }
    }

    @Test(arguments: Self.seeds)
    func `Broken bodies pass nothing but the beginning of a body, the same in any reads`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let telling = Array("\r\n\r\n;0 1aF:\"\\\0\t".utf8)
        var refusals = 0
        for _ in 0..<1500 {
            var bytes = GeneratedBody(using: &random).bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = telling.randomElement(using: &random) ?? 0
                case 1: bytes.insert(telling.randomElement(using: &random) ?? 0, at: place)
                case 2: bytes.remove(at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            let whole = decode(bytes)
            if case .refused = whole.end { refusals += 1 }
            switch ReferenceChunked.read(whole.passed) {
            case .wrong(let place):
                Issue.record("seed \(seed): \(text(whole.passed)) is wrong at \(place), from \(text(bytes))")
            case .begun:
                if case .complete = whole.end { Issue.record("seed \(seed): \(text(bytes)) has no end") }
            case .whole(let content, _, let length):
                #expect(content == whole.content && length == whole.passed.count, "seed \(seed)")
                if case .complete = whole.end { break }
                Issue.record("seed \(seed): \(text(bytes)) ended for the next reader only")
            }
            check(bytes, whole, seed, &random)
        }
        #expect(refusals > 300)
    }

    private func check(_ bytes: [UInt8], _ whole: Decoded, _ seed: UInt64, _ random: inout SeededRandom) {
        let sizes = cuts(bytes.count, using: &random)
        #expect(decode(bytes, in: sizes).outcome == whole.outcome, "seed \(seed): \(text(bytes)) in \(sizes)")
        var runs = decode(bytes, in: sizes, runs: true)
        #expect(runs.held <= 33 * 1024)
        // Runs do not tell content from framing.
        runs.content = whole.content
        runs.trailers = whole.trailers
        #expect(runs.outcome == whole.outcome, "seed \(seed): \(text(bytes)) in runs, in \(sizes)")
    }
}
