import HTTP1
import HTTPCases
import Testing

@Suite struct BodyTests {
    @Test func `No body is complete at once and takes nothing`() {
        for framing in [BodyFraming.none, .length(0)] {
            let result = decode(Array("GET".utf8), framing)
            #expect(result.end == .complete(0))
            #expect(result.passed.isEmpty)
        }
    }

    @Test func `A length takes so many bytes, in any reads`() {
        let bytes = Array("0123456789GET /".utf8)
        for sizes in [[15], [3, 12], [10, 5], Array(repeating: 1, count: 15)] {
            let result = decode(bytes, .length(10), in: sizes)
            #expect(text(result.content) == "0123456789")
            #expect(result.end == .complete(10))
            #expect(result.bodyBytes == 10)
        }
        #expect(decode(bytes, .length(.max)).end == .needsMore)
    }

    @Test func `A body until close ends when the sender closes, others are then cut off`() {
        let bytes = Array("abc".utf8)
        #expect(decode(bytes, .untilClose).end == .needsMore)
        let closed = decode(bytes, .untilClose, in: [1, 2], close: true)
        #expect(closed.end == .complete(3))
        #expect(text(closed.content) == "abc")
        #expect(decode(bytes, .length(4), close: true).end == .refused(.truncated))
        #expect(decode(bytes, .length(3), close: true).end == .complete(3))
        #expect(decode(Array("3\r\nabc\r\n0\r\n".utf8), close: true).end == .refused(.truncated))
        #expect(decode([], BodyFraming.none, in: [], close: true).end == .complete(0))
    }

    @Test func `An offset outside the bytes needs more, and nothing else happens`() throws {
        var decoder = BodyDecoder(.chunked)
        for start in [-1, 4, Int.max, Int.min] {
            var offset = start
            #expect(try decoder.next([49, 13, 10].span, offset: &offset) == .needMore)
            #expect(offset == start)
        }
    }

    @Test func `Many chunks of one read pass as one slice`() {
        let bytes = Array("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nETag: a\r\n\r\nGET".utf8)
        let result = decode(bytes, runs: true)
        #expect(result.runs == 1)
        #expect(result.passed == bytes.dropLast(3))
        #expect(result.end == .complete(bytes.count - 3))
        #expect(result.bodyBytes == 11)
    }

    @Test func `An extension is cut out, and what is around it passes in two slices`() {
        let result = decode(Array("5;a=b\r\nhello\r\n0;c\r\n\r\n".utf8), runs: true)
        #expect(text(result.passed) == "5\r\nhello\r\n0\r\n\r\n")
        #expect(result.runs == 3)
    }

    @Test func `Forbidden trailers are cut out`() {
        let lines = [
            "Content-Length: 1", "Transfer-Encoding: x", "Host: x", "Connection: x", "TE: x", "Trailer: x",
            "Upgrade: x", "Authorization: x", "Set-Cookie: x", "Content-Encoding: x", "Content-Type: x",
            "Content-Range: x", "Expect: x", "Cache-Control: x", "Via: x", "X-Forwarded-For: x",
            "x-forwarded-user: x", "X-Request-ID: x", "X-Real-IP: x", "Forwarded: x", "Proxy-Authenticate: x",
            "proxy-x: y", "Max-Forwards: 1", "Cookie: x", "If-None-Match: x", "Date: x", "Age: 1", "Vary: *",
        ]
        let bytes = Array(("0\r\nA: 1\r\n" + lines.joined(separator: "\r\n") + "\r\nB: 2\r\n\r\n").utf8)
        let result = decode(bytes)
        #expect(text(result.passed) == "0\r\nA: 1\r\nB: 2\r\n\r\n")
        #expect(result.trailers == ["A: 1\r\n", "B: 2\r\n"])
        #expect(result.end == .complete(bytes.count))
        #expect(decode(bytes, runs: true).passed == result.passed)
    }

    @Test func `Nothing of a trailer section passes before all of it is known to be good`() {
        let result = decode(Array("0\r\nA: 1\r\nB : 2\r\n\r\n".utf8))
        #expect(text(result.passed) == "0\r\n")
        #expect(result.end == .refused(.trailer(.spaceBeforeColon)))
    }

    @Test func `Trailers have limits`() {
        let limits = HeadLimits(headBytes: 20, fields: 2)
        #expect(decode(Array("0\r\nA: 1\r\nB: 2\r\n\r\n".utf8), limits: limits).end == .complete(17))
        #expect(
            decode(Array("0\r\nA:\r\nB:\r\nC:\r\n\r\n".utf8), limits: limits).end
                == .refused(.trailer(.tooMany))
        )
        let long = Array(("0\r\nA: " + String(repeating: "x", count: 100)).utf8)
        #expect(decode(long, limits: limits).end == .refused(.trailer(.tooLarge)))
        #expect(decode(Array(long[..<22]), limits: limits).end == .needsMore)
        #expect(decode(long, in: Array(repeating: 1, count: long.count), limits: limits).held <= 20)
        for number in [0, -1, Int.min] {
            let none = HeadLimits(headBytes: number, fields: number)
            #expect(decode(Array("0\r\n\r\n".utf8), limits: none).end == .complete(5))
        }
    }

    @Test(arguments: BodyCase.bad)
    func `The same bytes are refused as chunked`(_ example: BodyCase) {
        let bytes = example.bytes
        let error = example.error
        for runs in [false, true] {
            #expect(decode(bytes, runs: runs).end == .refused(error))
            #expect(
                decode(bytes, in: Array(repeating: 1, count: bytes.count), runs: runs).end == .refused(error)
            )
        }
    }

    @Test func `A size line has a limit, and no more than that is held`() {
        let fits = "1;" + String(repeating: "a", count: HTTP1Constants.chunkLineBytes - 4) + "\r\n"
        #expect(fits.utf8.count == HTTP1Constants.chunkLineBytes)
        #expect(decode(Array((fits + "x\r\n0\r\n\r\n").utf8)).end == .complete(fits.utf8.count + 8))
        let over = Array(("1;" + String(repeating: "a", count: 5000)).utf8)
        #expect(decode(over).end == .refused(.chunkLineTooLong))
        let slow = decode(over, in: Array(repeating: 1, count: over.count))
        #expect(slow.end == .refused(.chunkLineTooLong))
        #expect(slow.held < HTTP1Constants.chunkLineBytes)
    }

    @Test
    func `Long extensions around small chunks are refused in the end, around large ones they are not`() {
        let small = "1;" + String(repeating: "a", count: 500) + "\r\nx\r\n"
        #expect(decode(Array(String(repeating: small, count: 100).utf8)).end == .refused(.tooMuchExtension))
        let large =
            "400;sig=" + String(repeating: "a", count: 500) + "\r\n" + String(repeating: "x", count: 1024)
            + "\r\n"
        #expect(decode(Array(String(repeating: large, count: 100).utf8)).end == .needsMore)
    }
}
