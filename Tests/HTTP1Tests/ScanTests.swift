import Bytes
import TestSupport
import Testing

@testable import HTTP1

@Suite struct ScanTests {
    private func first(_ bytes: [UInt8], from start: Int, where found: (UInt8) -> Bool) -> Int {
        bytes[start...].firstIndex(where: found) ?? bytes.count
    }

    private static let tokens = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8
    )

    private func check(_ bytes: [UInt8], _ start: Int, _ note: String) {
        let span = bytes.span
        let found = [
            span.firstLF(from: start), span.firstControl(from: start), span.targetEnd(from: start),
            span.tokenEnd(from: start),
        ]
        let expected = [
            first(bytes, from: start) { $0 == 0x0A },
            first(bytes, from: start) { $0 < 0x20 && $0 != 9 || $0 == 0x7F },
            first(bytes, from: start) { $0 <= 0x20 || $0 == 0x7F || $0 == 0x23 },
            first(bytes, from: start) { !Self.tokens.contains($0) },
        ]
        #expect(found == expected, "\(note)")
        guard start == 0 else { return }
        let isName =
            !bytes.isEmpty && bytes.allSatisfy { Self.tokens.contains($0) && !(0x41...0x5A).contains($0) }
        let ends: [UInt8] = [bytes.first ?? 1, bytes.last ?? 1]
        let isValue = expected[1] == bytes.count && !ends.contains(ASCII.space) && !ends.contains(ASCII.tab)
        let qualities = [span.isLowercaseToken, span.isFieldValue]
        #expect(qualities == [isName, isValue], "\(note)")
        var small = [UInt8](repeating: 0xEE, count: bytes.count + 1)
        small.withUnsafeMutableBufferPointer { memory in
            if let start = memory.baseAddress { span.lowercased(into: start) }
        }
        #expect(small == bytes.map(ASCII.lowercased) + [0xEE], "\(note)")
    }

    @Test func `Every byte is found in every place of a word, among bytes that pass`() {
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isToken(byte) == Self.tokens.contains(byte))
            for place in 0..<11 {
                var bytes = [UInt8](repeating: 0x61, count: 19)
                bytes[place] = byte
                check(bytes, 0, "\(byte) at \(place)")
            }
        }
    }

    @Test(arguments: TestSeed.arguments(for: "ScanTests"))
    func `Random bytes are found from everywhere`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : UInt8(0x41)
            }
            for start in 0...bytes.count { check(bytes, start, "seed \(seed)") }
        }
    }

    @Test func `Indices outside read nothing`() {
        let bytes = Array("abc".utf8)
        let span = bytes.span
        let read = [span.byte(at: -1), span.byte(at: 3), span.byte(at: .max)]
        #expect(read == [nil, nil, nil])
        let words = [span.word(at: 0), span.word(at: -8), span.word(at: .max)]
        #expect(words == [nil, nil, nil])
        let short = span.word(at: 1, length: 5)
        #expect(short == 0x6362)
        let ended = span.isLineEnd(at: 2)
        #expect(!ended)
        let same = span.equals(ByteRange(start: 1, end: 9), "bcdefghi")
        #expect(!same)
    }
}
