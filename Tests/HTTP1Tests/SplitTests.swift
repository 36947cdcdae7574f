import HTTP1
import HTTPCases
import TestSupport
import Testing

@Suite struct SplitTests {
    private static let requests = (RequestCase.good + RequestCase.bad).map(\.bytes)
    private static let responses = (ResponseCase.good + ResponseCase.bad).map { ($0.bytes, $0.method) }

    @Test func `A request head in two reads, cut anywhere, and byte by byte means the same`() {
        for bytes in Self.requests {
            let whole = readRequest(bytes)
            for cut in 1..<max(2, bytes.count) where cut < bytes.count {
                #expect(
                    readRequest(bytes, in: [cut, bytes.count - cut]) == whole,
                    "\(text(bytes)) at \(cut)"
                )
            }
            #expect(
                readRequest(bytes, in: Array(repeating: 1, count: bytes.count)) == whole,
                "\(text(bytes))"
            )
        }
    }

    @Test func `An answer's head in two reads, cut anywhere, and byte by byte means the same`() {
        for (bytes, method) in Self.responses {
            let whole = readResponse(bytes, to: method)
            for cut in 1..<bytes.count {
                #expect(
                    readResponse(bytes, in: [cut, bytes.count - cut], to: method) == whole,
                    "\(text(bytes)) at \(cut)"
                )
            }
            #expect(readResponse(bytes, in: Array(repeating: 1, count: bytes.count), to: method) == whole)
        }
    }

    @Test(arguments: TestSeed.arguments(for: "SplitTests", and: 1, 2))
    func `Mutated heads in random reads, under random limits, mean the same`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<4000 {
            var bytes = mutate(Self.requests.randomElement(using: &random) ?? [], using: &random)
            var limits = HeadLimits.default
            if Int.random(in: 0..<4, using: &random) == 0 {
                limits.headBytes = .random(in: 1...(bytes.count + 4), using: &random)
                limits.targetBytes = .random(in: 1...30, using: &random)
                limits.fields = .random(in: 0...4, using: &random)
            }
            var sizes = cuts(bytes.count, using: &random)
            #expect(
                readRequest(bytes, in: sizes, limits: limits) == readRequest(bytes, limits: limits),
                "seed \(seed): \(text(bytes)) in \(sizes), \(limits)"
            )

            guard let (answer, method) = Self.responses.randomElement(using: &random) else { continue }
            bytes = mutate(answer, using: &random)
            sizes = cuts(bytes.count, using: &random)
            #expect(
                readResponse(bytes, in: sizes, to: method, limits: limits)
                    == readResponse(bytes, to: method, limits: limits),
                "seed \(seed): \(text(bytes)) in \(sizes), \(limits)"
            )
        }
    }

    /// Some bytes changed, put in, taken out or repeated; those that matter most more often.
    private func mutate(_ bytes: [UInt8], using random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        let telling = Array("\r\n\r\n \t:,;0\0\u{7F}GHc/".utf8) + [0xFF]
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = telling.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes.isEmpty ? [0x0A] : bytes
    }
}
