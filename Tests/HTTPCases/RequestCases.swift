package import HTTP1

/// A request head and what becomes of it. `means` is the line `describe` gives.
package struct RequestCase: Sendable {
    package let name: String
    package let clause: String
    package let bytes: [UInt8]
    package let expected: Outcome<RequestError>

    package var testDescription: String { name }

    init(_ name: String, _ clause: String, _ text: String, means line: String) {
        self.init(name, clause, Array(text.utf8), .head(line, length: text.utf8.count))
    }

    init(_ name: String, _ clause: String, _ text: String, refused error: RequestError) {
        self.init(name, clause, Array(text.utf8), .refused(error))
    }

    init(_ name: String, _ clause: String, _ bytes: [UInt8], _ expected: Outcome<RequestError>) {
        self.name = name
        self.clause = clause
        self.bytes = bytes
        self.expected = expected
    }

    /// One field line beside `Host`, in a POST of HTTP/1.1.
    static func post(_ name: String, _ clause: String, _ lines: String, _ error: RequestError) -> RequestCase
    {
        RequestCase(name, clause, "POST / HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n", refused: error)
    }

    /// One target, in a GET with `Host: h`.
    static func target(_ name: String, _ target: String, _ error: RequestError) -> RequestCase {
        RequestCase(name, "RFC 9112 §3.2", "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", refused: error)
    }

    /// One `Host` value, in a GET.
    static func host(_ value: String) -> RequestCase {
        RequestCase(
            "host '\(value)'",
            "RFC 9112 §3.2",
            "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n",
            refused: .badHost
        )
    }
}

extension RequestCase {
    package static let good: [RequestCase] = [
        .init(
            "a minimal request",
            "RFC 9112 §3",
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host]"
        ),
        .init(
            "one empty line before the request line",
            "RFC 9112 §2.2",
            "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host]"
        ),
        .init(
            "a query, odd bytes",
            "RFC 9112 §3.2.1",
            "GET /a%20b;c?x=1&y={|}^\"é HTTP/1.1\r\nHost: h:80\r\n\r\n",
            means:
                "get GET /a%20b;c?x=1&y={|}^\"é origin /a%20b;c?x=1&y={|}^\"é host=h:80 http11 no body keep [Host]"
        ),
        .init(
            "values are trimmed, may be empty, have tabs and old text",
            "RFC 9110 §5.5",
            "GET / HTTP/1.1\r\nhOsT:\t h \t\r\nA:\r\nB: \t \r\nC: a\tb  é\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [hOsT A B C]"
        ),
        .init(
            "every token byte in a name",
            "RFC 9110 §5.6.2",
            "GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host !#$%&'*+-.^_`|~09azAZ]"
        ),
        .init(
            "absolute-form wins over Host",
            "RFC 9112 §3.2.2",
            "GET http://a.test:81/p?q HTTP/1.1\r\nHost: b.test\r\n\r\n",
            means: "get GET http://a.test:81/p?q absolute /p?q host=a.test:81 http11 no body keep [Host]"
        ),
        .init(
            "absolute-form without a path",
            "RFC 9112 §3.2.2",
            "GET HTTP://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n",
            means: "get GET HTTP://a.test absolute +/ host=a.test http11 no body keep [Host]"
        ),
        .init(
            "absolute-form with a query alone",
            "RFC 9112 §3.2.2",
            "GET https://a?q/ HTTP/1.0\r\n\r\n",
            means: "get GET https://a?q/ absolute +/?q/ host=a http10 no body close []"
        ),
        .init(
            "asterisk",
            "RFC 9112 §3.2.4",
            "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "options OPTIONS * asterisk * host=h http11 no body keep [Host]"
        ),
        .init(
            "asterisk in absolute-form",
            "RFC 9112 §3.2.4",
            "OPTIONS http://a HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "options OPTIONS http://a asterisk  host=a http11 no body keep [Host]"
        ),
        .init(
            "absolute-form OPTIONS with a path",
            "RFC 9112 §3.2.4",
            "OPTIONS http://a/ HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "options OPTIONS http://a/ absolute / host=a http11 no body keep [Host]"
        ),
        .init(
            "IPv6 literal",
            "RFC 3986 §3.2.2",
            "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n",
            means: "get GET / origin / host=[2001:db8::1]:8080 http11 no body keep [Host]"
        ),
        .init(
            "empty port",
            "RFC 3986 §3.2.3",
            "GET / HTTP/1.1\r\nHost: A_b-c.~1:\r\n\r\n",
            means: "get GET / origin / host=A_b-c.~1: http11 no body keep [Host]"
        ),
        .init(
            "an unregistered method",
            "RFC 9110 §9.1",
            "get / HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "other get / origin / host=h http11 no body keep [Host]"
        ),
        .init(
            "HTTP/1.0 closes",
            "RFC 9112 §9.3",
            "GET / HTTP/1.0\r\n\r\n",
            means: "get GET / origin / host= http10 no body close []"
        ),
        .init(
            "HTTP/1.0 with keep-alive stays",
            "RFC 9112 §9.3",
            "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nKeep-Alive: 5\r\n\r\n",
            means: "get GET / origin / host= http10 no body keep [ | Connection Keep-Alive]"
        ),
        .init(
            "HTTP/1.9 is 1.1",
            "RFC 9110 §2.5",
            "GET / HTTP/1.9\r\nHost: h\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host]"
        ),
        .init(
            "close wins over keep-alive",
            "RFC 9112 §9.3",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive , CLOSE\r\n\r\n",
            means: "get GET / origin / host=h http11 no body close [Host | Connection]"
        ),
        .init(
            "close in a second Connection field",
            "RFC 9112 §9.3",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: ,keep-alive,,\r\nConnection: close\r\n\r\n",
            means: "get GET / origin / host=h http11 no body close [Host | Connection Connection]"
        ),
        .init(
            "what Connection names ends here, but framing and routing stay",
            "RFC 9110 §7.6.1",
            "POST / HTTP/1.1\r\nHost: h\r\nX-a: 1\r\nContent-Length: 3\r\nConnection: x-A, host, content-length, "
                + "X-Forwarded-For, te\r\nX-Forwarded-For: 1.2.3.4\r\nTE: trailers\r\nX-B: 2\r\nx-A: 3\r\n\r\n",
            means: "post POST / origin / host=h http11 length 3 keep "
                + "[Host Content-Length X-Forwarded-For X-B | X-a Connection TE x-A]"
        ),
        .init(
            "hop-by-hop fields",
            "RFC 9110 §7.6.1",
            "GET / HTTP/1.1\r\nHost: h\r\nKeep-Alive: 1\r\nProxy-Connection: close\r\nUpgrade: x\r\n"
                + "HTTP2-Settings: y\r\nProxy-Authorization: z\r\nTrailer: a\r\nVia: 1.1 b\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep "
                + "[Host Trailer Via | Keep-Alive Proxy-Connection Upgrade HTTP2-Settings Proxy-Authorization]"
        ),
        .init(
            "a length",
            "RFC 9110 §8.6",
            "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0042\r\n\r\n",
            means: "put PUT /a origin /a host=h http11 length 42 keep [Host Content-Length]"
        ),
        .init(
            "length zero",
            "RFC 9110 §8.6",
            "PATCH /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
            means: "patch PATCH /a origin /a host=h http11 length 0 keep [Host Content-Length]"
        ),
        .init(
            "the greatest length",
            "RFC 9110 §8.6",
            "DELETE /a HTTP/1.1\r\nHost: h\r\ncontent-length: 9223372036854775807\r\n\r\n",
            means:
                "delete DELETE /a origin /a host=h http11 length 9223372036854775807 keep [Host content-length]"
        ),
        .init(
            "chunked, case aside",
            "RFC 9112 §7.1",
            "POST /a HTTP/1.1\r\nHost: h\r\nTRANSFER-ENCODING: Chunked\r\n\r\n",
            means: "post POST /a origin /a host=h http11 chunked keep [Host | TRANSFER-ENCODING]"
        ),
        .init(
            "an upgrade",
            "RFC 9110 §7.8",
            "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            means: "get GET /ws origin /ws host=h http11 no body keep upgrade [Host | Connection Upgrade]"
        ),
        .init(
            "an upgrade to h2c is not one",
            "RFC 9113 §3.1",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: a, H2C\r\n"
                + "HTTP2-Settings: x\r\n\r\n",
            means:
                "get GET / origin / host=h http11 no body keep h2c [Host | Connection Upgrade HTTP2-Settings]"
        ),
        .init(
            "an upgrade from HTTP/1.0 is not one",
            "RFC 9110 §7.8",
            "GET / HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            means: "get GET / origin / host=h http10 no body close [Host | Connection Upgrade]"
        ),
        .init(
            "two Upgrade fields are not an upgrade",
            "RFC 9110 §7.8",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host | Connection Upgrade Upgrade]"
        ),
        .init(
            "an upgrade to another version of h2c is not one",
            "RFC 9110 §7.8",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c/2\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep h2c [Host | Connection Upgrade]"
        ),
        .init(
            "an upgrade with parameters is not one",
            "RFC 9110 §7.8",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket;q=1\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host | Connection Upgrade]"
        ),
        .init(
            "an upgrade of a request with a body is not one",
            "RFC 9110 §7.8",
            "POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\n",
            means:
                "post POST / origin / host=h http11 length 1 keep [Host Content-Length | Connection Upgrade]"
        ),
        .init(
            "Proxy is removed",
            "RFC 3875 §4.1.18",
            "GET / HTTP/1.1\r\nHost: h\r\nProxy: http://evil.example\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host | Proxy]"
        ),
        .init(
            "Max-Forwards of OPTIONS is counted",
            "RFC 9110 §7.6.2",
            "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 9\r\n\r\n",
            means: "options OPTIONS / origin / host=h http11 no body keep [Host | Max-Forwards]"
        ),
        .init(
            "two Expect fields are one list",
            "RFC 9110 §5.3",
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
            means:
                "post POST / origin / host=h http11 length 5 keep continue [Host Expect Content-Length | Expect]"
        ),
        .init(
            "100-continue",
            "RFC 9110 §10.1.1",
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n",
            means: "post POST / origin / host=h http11 length 5 keep continue [Host Expect Content-Length]"
        ),
        .init(
            "100-continue without a body is dropped",
            "RFC 9110 §10.1.1",
            "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host | Expect]"
        ),
        .init(
            "100-continue with an empty body is dropped",
            "RFC 9110 §10.1.1",
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
            means: "post POST / origin / host=h http11 length 0 keep [Host Content-Length | Expect]"
        ),
        .init(
            "Expect of HTTP/1.0 is dropped",
            "RFC 9110 §10.1.1",
            "POST / HTTP/1.0\r\nExpect: tea\r\nContent-Length: 5\r\n\r\n",
            means: "post POST / origin / host= http10 length 5 close [Content-Length | Expect]"
        ),
        .init(
            "look-alikes of Content-Length and X-Forwarded-For are removed",
            "RFC 3875 §4.1.18",
            "GET / HTTP/1.1\r\nHost: h\r\nContent_Length: 5\r\nX_Forwarded-For: 10.0.0.1\r\n\r\n",
            means: "get GET / origin / host=h http11 no body keep [Host Content_Length X_Forwarded-For]"
        ),
        .init(
            "TRACE and HEAD",
            "RFC 9110 §9.3.8",
            "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n",
            means: "trace TRACE / origin / host=h http11 no body keep [Host]"
        ),
    ]
}
