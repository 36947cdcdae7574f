import HTTP1
import HTTPCases
import Testing

@Suite struct LimitTests {
    private let start = "GET / HTTP/1.1\r\nHost: h\r\n"

    @Test func `The last byte that fits is taken, the next is not`() {
        let room = 300
        let limits = HeadLimits(headBytes: room)
        let filler = room - start.utf8.count - "A: \r\n\r\n".utf8.count
        let fits = Array((start + "A: " + String(repeating: "x", count: filler) + "\r\n\r\n").utf8)
        #expect(fits.count == room)
        #expect(readRequest(fits, limits: limits) != .refused(.headTooLarge))
        let over = Array((start + "A: " + String(repeating: "x", count: filler + 1) + "\r\n\r\n").utf8)
        #expect(readRequest(over, limits: limits) == .refused(.headTooLarge))
        #expect(readRequest(Array(over.dropLast(1)), limits: limits) == .refused(.headTooLarge))
        #expect(readRequest(Array(over.dropLast(2)), limits: limits) == .incomplete)
    }

    @Test func `A head without an end is refused at the limit, and not before`() {
        let limits = HeadLimits(headBytes: 1000)
        let bytes = Array((start + "A: " + String(repeating: "x", count: 5000)).utf8)
        #expect(readRequest(Array(bytes[..<999]), limits: limits) == .incomplete)
        #expect(readRequest(Array(bytes[..<1000]), limits: limits) == .refused(.headTooLarge))
        #expect(readRequest(bytes, limits: limits) == .refused(.headTooLarge))
        let answer = Array(("HTTP/1.1 200 OK\r\nA: " + String(repeating: "x", count: 5000)).utf8)
        #expect(readResponse(answer, limits: limits) == .refused(.headTooLarge))
    }

    @Test func `The line after the last field that is allowed is refused`() {
        let limits = HeadLimits(fields: 4)
        let lines = ["A: 1\r\n", "B: 2\r\n", "C: 3\r\n", "D: 4\r\n"]
        #expect(
            readRequest(Array((start + lines[..<3].joined() + "\r\n").utf8), limits: limits) != .incomplete
        )
        guard case .head = readRequest(Array((start + lines[..<3].joined() + "\r\n").utf8), limits: limits)
        else {
            Issue.record("refused")
            return
        }
        #expect(
            readRequest(Array((start + lines.joined() + "\r\n").utf8), limits: limits)
                == .refused(.field(.tooMany))
        )
    }

    @Test func `A target of the limit's length is taken, one more byte is not`() {
        let limits = HeadLimits(targetBytes: 20)
        let path = "/" + String(repeating: "a", count: 19)
        guard case .head = readRequest(Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8), limits: limits)
        else {
            Issue.record("refused")
            return
        }
        #expect(
            readRequest(Array("GET \(path)a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), limits: limits)
                == .refused(.targetTooLong)
        )
        let endless = Array(("GET /" + String(repeating: "a", count: 40_000)).utf8)
        #expect(readRequest(endless) == .refused(.targetTooLong))
        #expect(readRequest(endless, in: Array(repeating: 1000, count: 40)) == .refused(.targetTooLong))
    }

    @Test func `Limits of nothing refuse everything and trap nowhere`() {
        for bytes in [0, 1, -1, Int.min] {
            let limits = HeadLimits(headBytes: bytes, fields: bytes, targetBytes: bytes)
            #expect(
                readRequest(Array("GET / HTTP/1.1\r\n\r\n".utf8), limits: limits) == .refused(.headTooLarge)
            )
            #expect(
                readResponse(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), limits: limits) == .refused(.headTooLarge)
            )
        }
        let most = HeadLimits(headBytes: .max, fields: .max, targetBytes: .max)
        #expect(readRequest(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8), limits: most) != .incomplete)
    }
}
