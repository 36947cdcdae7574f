import HTTP1
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct TapBodyTests {
    private static func content(_ pieces: [[UInt8]], _ framing: BodyFraming?) -> [UInt8] {
        var body = TapBody(framing)
        var out: [UInt8] = []
        for piece in pieces {
            body.decode(piece.span) { part in
                for index in part.indices { out.append(part[index]) }
                return false
            }
        }
        return out
    }

    @Test func `The content of a chunked body is found, wherever its pieces are cut`() {
        var random = SeededRandom(seed: TestSeed.make(for: "tapped bodies"))
        for _ in 0..<500 {
            var (content, framed): ([UInt8], [UInt8]) = ([], [])
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let chunk = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                content += chunk
                framed += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
            }
            framed += Array("0\r\nX-Trailer: 1\r\n\r\n".utf8)
            var pieces: [[UInt8]] = []
            while !framed.isEmpty {
                let count = Int.random(in: 1...framed.count, using: &random)
                pieces.append(Array(framed.prefix(count)))
                framed.removeFirst(count)
            }
            #expect(Self.content(pieces, .chunked) == content)
            #expect(Self.content(pieces, nil) == pieces.flatMap { $0 })
        }
    }

    @Test func `A body with a length ends there`() {
        #expect(Self.content([Array("ab".utf8), Array("cdef".utf8)], .length(4)) == Array("abcd".utf8))
        #expect(Self.content([Array("ab".utf8)], BodyFraming.none) == [])
        #expect(Self.content([Array("ab".utf8)], .untilClose) == Array("ab".utf8))
    }

    @Test func `Broken framing ends the record, and nothing else`() {
        #expect(
            Self.content([Array("2\r\nab\r\nzz\r\n".utf8), Array("2\r\ncd\r\n".utf8)], .chunked)
                == Array("ab".utf8)
        )
    }
}
