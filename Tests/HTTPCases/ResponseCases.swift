package import HTTP1

/// An answer's head, the method it answers, and what becomes of it.
package struct ResponseCase: Sendable {
    package let name: String
    package let clause: String
    package let method: MethodKind
    package let bytes: [UInt8]
    package let expected: Outcome<ResponseError>

    package var testDescription: String { name }

    init(_ name: String, _ clause: String, to method: MethodKind = .get, _ text: String, means line: String) {
        self.name = name
        self.clause = clause
        self.method = method
        bytes = Array(text.utf8)
        expected = .head(line, length: bytes.count)
    }

    init(_ name: String, _ clause: String, _ text: String, refused error: ResponseError) {
        self.name = name
        self.clause = clause
        method = .get
        bytes = Array(text.utf8)
        expected = .refused(error)
    }

    package static let good: [ResponseCase] = [
        .init(
            "a length",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            means: "200 'OK' http11 length 5 keep [Content-Length]"
        ),
        .init(
            "chunked",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            means: "200 'OK' http11 chunked keep [ | Transfer-Encoding]"
        ),
        .init(
            "until close",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\n\r\n",
            means: "200 'OK' http11 until close close []"
        ),
        .init(
            "no reason",
            "RFC 9112 §4",
            "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
            means: "404 '' http11 length 0 keep [Content-Length]"
        ),
        .init(
            "no reason and no space",
            "RFC 9112 §4",
            "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
            means: "404 '' http11 length 0 keep [Content-Length]"
        ),
        .init(
            "a long reason",
            "RFC 9112 §4",
            "HTTP/1.1 599 Schön\tund gut\r\nContent-Length: 0\r\n\r\n",
            means: "599 'Schön\tund gut' http11 length 0 keep [Content-Length]"
        ),
        .init(
            "HTTP/1.0",
            "RFC 9112 §9.3",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
            means: "200 'OK' http10 length 5 close [Content-Length]"
        ),
        .init(
            "HTTP/1.0 with keep-alive",
            "RFC 9112 §9.3",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n",
            means: "200 'OK' http10 length 5 keep [Content-Length | Connection]"
        ),
        .init(
            "HTTP/1.0 with keep-alive and no length",
            "RFC 9112 §9.3",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
            means: "200 'OK' http10 until close close [ | Connection]"
        ),
        .init(
            "close",
            "RFC 9112 §9.6",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
            means: "200 'OK' http11 length 5 close [Content-Length | Connection]"
        ),
        .init(
            "to HEAD, a length",
            "RFC 9112 §6.3",
            to: .head,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            means: "200 'OK' http11 no body keep [Content-Length]"
        ),
        .init(
            "to HEAD, chunked",
            "RFC 9112 §6.3",
            to: .head,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            means: "200 'OK' http11 no body keep [ | Transfer-Encoding]"
        ),
        .init(
            "to HEAD, nothing",
            "RFC 9112 §6.3",
            to: .head,
            "HTTP/1.1 200 OK\r\n\r\n",
            means: "200 'OK' http11 no body keep []"
        ),
        .init(
            "304 with a length",
            "RFC 9112 §6.3",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            means: "304 'Not Modified' http11 no body keep [Content-Length]"
        ),
        .init(
            "204",
            "RFC 9110 §15.3.5",
            "HTTP/1.1 204 No Content\r\n\r\n",
            means: "204 'No Content' http11 no body keep []"
        ),
        .init(
            "204 with length 0",
            "RFC 9110 §8.6",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            means: "204 'No Content' http11 no body keep [ | Content-Length]"
        ),
        .init(
            "204 with a length: what follows is not trusted",
            "RFC 9110 §8.6",
            "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n",
            means: "204 'No Content' http11 no body close [ | Content-Length]"
        ),
        .init(
            "204 and chunked: what follows is not trusted",
            "RFC 9112 §6.1",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
            means: "204 'No Content' http11 no body close [ | Transfer-Encoding]"
        ),
        .init(
            "100",
            "RFC 9110 §15.2.1",
            "HTTP/1.1 100 Continue\r\n\r\n",
            means: "100 'Continue' http11 no body keep interim []"
        ),
        .init(
            "103 with fields",
            "RFC 8297",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            means: "103 'Early Hints' http11 no body keep interim [Link]"
        ),
        .init(
            "101",
            "RFC 9110 §15.2.2",
            "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            means: "101 'Switching' http11 no body close upgrade [ | Connection Upgrade]"
        ),
        .init(
            "what Connection names ends here",
            "RFC 9110 §7.6.1",
            "HTTP/1.1 200 OK\r\nX-In: 1\r\nContent-Length: 0\r\nConnection: x-in\r\nProxy-Authenticate: a\r\n\r\n",
            means: "200 'OK' http11 length 0 keep [Content-Length | X-In Connection Proxy-Authenticate]"
        ),
        .init(
            "lines that end by LF alone",
            "RFC 9112 §2.2",
            "HTTP/1.1 200 OK\nX-A:b\nContent-Length: 5\n\n",
            means: "200 'OK' http11 length 5 keep [X-A Content-Length]"
        ),
        .init(
            "some lines that end by LF alone",
            "RFC 9112 §2.2",
            "HTTP/1.1 200\nContent-Length: 5\r\nX-A: b \nConnection: x-a\r\n\n",
            means: "200 '' http11 length 5 keep [Content-Length | X-A Connection]"
        ),
        .init(
            "an empty line of LF alone ends the head, whatever follows",
            "RFC 9112 §2.2",
            "HTTP/1.1 204 Done\r\nX-A: b\r\n\n",
            means: "204 'Done' http11 no body keep [X-A]"
        ),
    ]

    package static let bad: [ResponseCase] = [
        .init(
            "an empty line before the status line",
            "RFC 9112 §2.2",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            refused: .badVersion
        ),
        .init("no version", "RFC 9112 §4", "200 OK\r\n\r\n", refused: .badVersion),
        .init("ICY", "RFC 9112 §4", "ICY 200 OK\r\n\r\n", refused: .badVersion),
        .init("version in lower case", "RFC 9112 §4", "Http/1.1 200 OK\r\n\r\n", refused: .badVersion),
        .init("version 1.10", "RFC 9112 §4", "HTTP/1.10 200 OK\r\n\r\n", refused: .badVersion),
        .init("version 2.0", "RFC 9110 §2.5", "HTTP/2.0 200 OK\r\n\r\n", refused: .versionNotSupported),
        .init("version 0.9", "RFC 9110 §2.5", "HTTP/0.9 200 OK\r\n\r\n", refused: .versionNotSupported),
        .init("two spaces", "RFC 9112 §4", "HTTP/1.1  200 OK\r\n\r\n", refused: .badStatus),
        .init("status of two digits", "RFC 9112 §4", "HTTP/1.1 20 OK\r\n\r\n", refused: .badStatus),
        .init("status of four digits", "RFC 9112 §4", "HTTP/1.1 2000 OK\r\n\r\n", refused: .badStatus),
        .init("status 099", "RFC 9110 §15", "HTTP/1.1 099 OK\r\n\r\n", refused: .badStatus),
        .init("status 600", "RFC 9110 §15", "HTTP/1.1 600 OK\r\n\r\n", refused: .badStatus),
        .init("status of letters", "RFC 9112 §4", "HTTP/1.1 2xx OK\r\n\r\n", refused: .badStatus),
        .init("status with a sign", "RFC 9112 §4", "HTTP/1.1 +20 OK\r\n\r\n", refused: .badStatus),
        .init("a tab after the status", "RFC 9112 §4", "HTTP/1.1 200\tOK\r\n\r\n", refused: .badStatus),
        .init("NUL in the reason", "RFC 9112 §4", "HTTP/1.1 200 O\u{0}K\r\n\r\n", refused: .badReason),
        .init(
            "a bare CR in the reason",
            "RFC 9112 §2.2",
            "HTTP/1.1 200 O\rK\r\n\r\n",
            refused: .field(.bareCR)
        ),
        .init(
            "two CR before the LF",
            "RFC 9112 §2.2",
            "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n",
            refused: .field(.bareCR)
        ),
        .init(
            "a bare CR among lines that end by LF alone",
            "RFC 9112 §2.2",
            "HTTP/1.1 200 OK\nA: b\rContent-Length: 5\n\n",
            refused: .field(.bareCR)
        ),
        .init(
            "a line of LF alone without a colon",
            "RFC 9112 §5",
            "HTTP/1.1 200 OK\nA\nContent-Length: 5\n\n",
            refused: .field(.missingColon)
        ),
        .init(
            "a folded line that ends by LF alone",
            "RFC 9112 §5.2",
            "HTTP/1.1 200 OK\nA: b\n c\n\n",
            refused: .field(.folded)
        ),
        .init(
            "two lengths, one after a bare LF",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\nContent-Length: 6\r\n\r\n",
            refused: .framing(.severalLengths)
        ),
        .init(
            "a folded line",
            "RFC 9112 §5.2",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            refused: .field(.folded)
        ),
        .init(
            "a space before the colon",
            "RFC 9112 §5.1",
            "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
            refused: .field(.spaceBeforeColon)
        ),
        .init(
            "a length and chunked",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: .framing(.lengthAndCoding)
        ),
        .init(
            "two lengths",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            refused: .framing(.severalLengths)
        ),
        .init(
            "a list of lengths",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n\r\n",
            refused: .framing(.badLength)
        ),
        .init(
            "a length below zero in a 304",
            "RFC 9112 §6.3",
            "HTTP/1.1 304 N\r\nContent-Length: -1\r\n\r\n",
            refused: .framing(.badLength)
        ),
        .init(
            "gzip, chunked",
            "RFC 9112 §6.1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            refused: .framing(.unknownCoding)
        ),
        .init(
            "gzip until close",
            "RFC 9112 §6.3",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            refused: .framing(.unknownCoding)
        ),
        .init(
            "chunked in HTTP/1.0",
            "RFC 9112 §6.1",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: .framing(.codingInHTTP10)
        ),
        .init(
            "Connection that is not a list",
            "RFC 9110 §7.6.1",
            "HTTP/1.1 200 OK\r\nConnection: a b\r\n\r\n",
            refused: .framing(.badConnection)
        ),
    ]
}
