import HTTP1
import HTTPCases
import Testing

@Suite struct HeadTests {
    @Test(arguments: RequestCase.good)
    func `A request head is understood`(_ example: RequestCase) {
        #expect(readRequest(example.bytes) == example.expected)
    }

    @Test(arguments: RequestCase.bad + RequestCase.floods)
    func `A bad request head is refused`(_ example: RequestCase) {
        #expect(readRequest(example.bytes) == example.expected)
    }

    @Test(arguments: ResponseCase.good)
    func `An answer's head is understood`(_ example: ResponseCase) {
        #expect(readResponse(example.bytes, to: example.method) == example.expected)
    }

    @Test(arguments: ResponseCase.bad)
    func `A bad answer's head is refused`(_ example: ResponseCase) {
        #expect(readResponse(example.bytes, to: example.method) == example.expected)
    }

    @Test func `Bytes behind a head are left alone`() {
        let one = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
        guard case .head(_, let length) = readRequest(Array((one + "abcGET /evil HTTP/1.1\r\n\0").utf8))
        else {
            Issue.record("refused")
            return
        }
        #expect(length == one.utf8.count)
    }

    @Test func `A head that was used before says nothing of the last one`() throws {
        var head = RequestHead()
        var scanned = 0
        for example in RequestCase.good + RequestCase.good.reversed() {
            #expect(try head.parse(example.bytes.span, scanned: &scanned, limits: .default))
            #expect(.head(describe(head, example.bytes), length: head.length) == example.expected)
            #expect(scanned == 0)
        }
        var answer = ResponseHead()
        for example in ResponseCase.good + ResponseCase.good.reversed() {
            #expect(
                try answer.parse(
                    example.bytes.span,
                    scanned: &scanned,
                    limits: .default,
                    requestMethod: example.method
                )
            )
            #expect(.head(describe(answer, example.bytes), length: answer.length) == example.expected)
        }
    }

    @Test func `Every refusal has a token and a sentence`() {
        for example in RequestCase.bad {
            guard case .refused(let error) = example.expected else { continue }
            #expect(!error.token.isEmpty && !error.message.isEmpty)
        }
    }

    @Test func `A CONNECT's answer has no body, if it is a good one`() {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".utf8)
        guard case .head(let line, _) = readResponse(bytes, to: .connect) else {
            Issue.record("refused")
            return
        }
        #expect(line.contains("no body close"))
    }
}
