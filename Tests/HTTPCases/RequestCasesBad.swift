import HTTP1

extension RequestCase {
    package static let bad: [RequestCase] = line + targets + hosts + lines + framing + others

    private static let line: [RequestCase] = [
        .init(
            "two empty lines before the request line",
            "RFC 9112 §2.2",
            "\r\n\r\nGET / HTTP/1.1\r\n",
            refused: .badMethod
        ),
        .init(
            "a bare LF before the request line",
            "RFC 9112 §2.2",
            "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badMethod
        ),
        .init(
            "a bare CR before the request line",
            "RFC 9112 §2.2",
            "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badMethod
        ),
        .init(
            "a space before the request line",
            "RFC 9112 §3",
            " GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badMethod
        ),
        .init("a TLS greeting", "RFC 9112 §3", "\u{16}\u{3}\u{1}\u{0}", refused: .tlsHandshake),
        .init("no method", "RFC 9112 §3", "/ HTTP/1.1\r\nHost: h\r\n\r\n", refused: .badMethod),
        .init(
            "a method with a comma",
            "RFC 9110 §9.1",
            "GE,T / HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badMethod
        ),
        .init(
            "a tab after the method",
            "RFC 9112 §3",
            "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badMethod
        ),
        .init(
            "a method of 33 bytes",
            "limit",
            String(repeating: "A", count: 33) + " / HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badMethod
        ),
        .init(
            "two spaces after the method",
            "RFC 9112 §3",
            "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badTarget
        ),
        .init(
            "two spaces before the version",
            "RFC 9112 §3",
            "GET /  HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badVersion
        ),
        .init(
            "a space after the version",
            "RFC 9112 §3",
            "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
            refused: .badVersion
        ),
        .init("HTTP/0.9", "RFC 9112 §3", "GET /\r\n", refused: .badVersion),
        .init("no target", "RFC 9112 §3", "GET HTTP/1.1\r\nHost: h\r\n\r\n", refused: .badVersion),
        .init(
            "version in lower case",
            "RFC 9112 §2.3",
            "GET / http/1.1\r\nHost: h\r\n\r\n",
            refused: .badVersion
        ),
        .init(
            "version of one number",
            "RFC 9112 §2.3",
            "GET / HTTP/1\r\nHost: h\r\n\r\n",
            refused: .badVersion
        ),
        .init("version 1.10", "RFC 9112 §2.3", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", refused: .badVersion),
        .init("version 1.x", "RFC 9112 §2.3", "GET / HTTP/1.x\r\nHost: h\r\n\r\n", refused: .badVersion),
        .init("version HTTQ", "RFC 9112 §2.3", "GET / HTTQ/1.1\r\nHost: h\r\n\r\n", refused: .badVersion),
        .init(
            "a line that ends in a bare LF",
            "RFC 9112 §2.2",
            "GET / HTTP/1.1\nHost: h\r\n\r\n",
            refused: .badVersion
        ),
        .init(
            "a line that ends in a bare CR",
            "RFC 9112 §2.2",
            "GET / HTTP/1.1\rHost: h\r\n\r\n",
            refused: .badVersion
        ),
        .init(
            "version 0.9",
            "RFC 9110 §2.5",
            "GET / HTTP/0.9\r\nHost: h\r\n\r\n",
            refused: .versionNotSupported
        ),
        .init(
            "version 3.0",
            "RFC 9110 §2.5",
            "GET / HTTP/3.0\r\nHost: h\r\n\r\n",
            refused: .versionNotSupported
        ),
        .init(
            "the preface of HTTP/2",
            "RFC 9113 §3.4",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            refused: .http2Preface
        ),
        .init(
            "CONNECT",
            "RFC 9110 §9.3.6",
            "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
            refused: .methodNotAllowed
        ),
    ]

    private static let targets: [RequestCase] = [
        .target("a control byte", "/a\u{1}b", .badTarget),
        .target("NUL", "/a\u{0}", .badTarget),
        .target("DEL", "/a\u{7F}", .badTarget),
        .target("a tab", "/a\tb", .badTarget),
        .target("a space", "/a b", .badVersion),
        .target("a fragment", "/a#b", .badTarget),
        .target("authority-form with GET", "h:80", .badTarget),
        .target("asterisk with GET", "*", .badTarget),
        .target("a path without a slash", "index.html", .badTarget),
        .target("another scheme", "ftp://h/", .badTarget),
        .target("a scheme without authority", "http:/x", .badTarget),
        .target("a query alone", "?q", .badTarget),
        .target("an empty authority", "http:///x", .badHost),
        .target("an empty authority with a query", "https://?x", .badHost),
        .target("a scheme alone", "http://", .badTarget),
        .target("a user in the authority", "http://u@h/", .badHost),
        .target("a port of letters", "http://h:http/", .badHost),
        .target("a backslash in the authority", "http://h\\evil/", .badHost),
        .init(
            "absolute-form without Host",
            "RFC 9112 §3.2",
            "GET http://a/ HTTP/1.1\r\n\r\n",
            refused: .missingHost
        ),
        .init(
            "absolute-form with an invalid Host",
            "RFC 9112 §3.2",
            "GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n",
            refused: .badHost
        ),
        .init(
            "absolute-form with two Hosts",
            "RFC 9112 §3.2",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            refused: .severalHosts
        ),
        .init(
            "asterisk with a byte after it",
            "RFC 9112 §3.2.4",
            "OPTIONS *x HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .badTarget
        ),
    ]

    private static let hosts: [RequestCase] =
        [
            "", "a b", "a,b", "a/b", "a@b", "u:p@b", "a?b", "a#b", "a\\b", "a%41", "a:b", "a:1:2", "a:65536",
            "a:000080", "a:-1", "a:+80", ":80", "[::1", "::1", "[::1]x", "[::1]:x", "[]", "[:]", "[g::1]",
            "[fe80::1%25eth0]", "[v1.a:b:c]", "é", "a\"", "<a>", "a;b", "(a)", "*",
        ].map { .host($0) } + [
            .init("no Host", "RFC 9112 §3.2", "GET / HTTP/1.1\r\n\r\n", refused: .missingHost),
            .init(
                "two Hosts that are equal",
                "RFC 9112 §3.2",
                "GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n",
                refused: .severalHosts
            ),
            .init(
                "two Hosts in HTTP/1.0",
                "RFC 9112 §3.2",
                "GET / HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n",
                refused: .severalHosts
            ),
            .init(
                "an empty Host in HTTP/1.0",
                "RFC 9112 §3.2",
                "GET / HTTP/1.0\r\nHost:\r\n\r\n",
                refused: .badHost
            ),
        ]

    private static let lines: [RequestCase] = [
        .post("no name", "RFC 9112 §5", ": x", .field(.emptyName)),
        .post("no colon", "RFC 9112 §5", "Accept", .field(.missingColon)),
        .post("a space before the colon", "RFC 9112 §5.1", "Content-Length : 5", .field(.spaceBeforeColon)),
        .post(
            "a tab before the colon",
            "RFC 9112 §5.1",
            "Transfer-Encoding\t: chunked",
            .field(.spaceBeforeColon)
        ),
        .post("a space inside the name", "RFC 9112 §5.1", "Content Length: 5", .field(.badName)),
        .post("a folded line", "RFC 9112 §5.2", "A: b\r\n c", .field(.folded)),
        .post(
            "a line folded with a tab",
            "RFC 9112 §5.2",
            "Transfer-Encoding: x\r\n\tchunked",
            .field(.folded)
        ),
        .init(
            "a first field line that starts with a space",
            "RFC 9112 §2.2",
            "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
            refused: .field(.folded)
        ),
        .post("NUL in a value", "RFC 9110 §5.5", "A: b\u{0}c", .field(.badValue)),
        .post("ESC in a value", "RFC 9110 §5.5", "A: \u{1B}[0m", .field(.badValue)),
        .post("DEL in a value", "RFC 9110 §5.5", "A: 12345678\u{7F}", .field(.badValue)),
        .post(
            "a vertical tab in a value",
            "RFC 9110 §5.5",
            "Transfer-Encoding: \u{B}chunked",
            .field(.badValue)
        ),
        .post("a form feed in a value", "RFC 9110 §5.5", "Content-Length: 5\u{C}", .field(.badValue)),
        .post("a bare CR in a value", "RFC 9112 §2.2", "A: b\rContent-Length: 5", .field(.bareCR)),
        .post("a bare LF after a value", "RFC 9112 §2.2", "A: b\nContent-Length: 5", .field(.bareLF)),
        .post("two CRs after a value", "RFC 9112 §2.2", "A: b\r\r\nC: d", .field(.bareCR)),
        .post("a bare LF after a name", "RFC 9112 §2.2", "A\n: b", .field(.bareLF)),
        .post("a bare CR after a name", "RFC 9112 §2.2", "A\r: b", .field(.bareCR)),
        .post("an empty line of a bare LF", "RFC 9112 §2.2", "A: b\r\n\nGET / HTTP/1.1", .field(.bareLF)),
        .post("an empty line of a bare CR", "RFC 9112 §2.2", "A: b\r\n\rGET / HTTP/1.1", .field(.bareCR)),
        .post("NUL in a name", "RFC 9110 §5.1", "Content-Length\u{0}: 5", .field(.badName)),
        .post(
            "a name with a CR that could pass for a hyphen",
            "RFC 9110 §5.1",
            "Content\rLength: 5",
            .field(.bareCR)
        ),
        .post("old text in a name", "RFC 9110 §5.1", "Ä: 5", .field(.badName)),
        .post("brackets in a name", "RFC 9110 §5.1", "A[0]: 5", .field(.badName)),
    ]

    private static let framing: [RequestCase] = [
        .post(
            "CL.TE",
            "RFC 9112 §6.1",
            "Content-Length: 6\r\nTransfer-Encoding: chunked",
            .framing(.lengthAndCoding)
        ),
        .post(
            "TE.CL",
            "RFC 9112 §6.1",
            "Transfer-Encoding: chunked\r\nContent-Length: 6",
            .framing(.lengthAndCoding)
        ),
        .post(
            "TE with an empty CL",
            "RFC 9112 §6.1",
            "Transfer-Encoding: chunked\r\nContent-Length:",
            .framing(.lengthAndCoding)
        ),
        .post(
            "a length that Connection would remove",
            "RFC 9112 §6.1",
            "Connection: content-length\r\nTransfer-Encoding: chunked\r\nContent-Length: 6",
            .framing(.lengthAndCoding)
        ),
        .post(
            "two lengths",
            "RFC 9112 §6.3",
            "Content-Length: 5\r\nContent-Length: 6",
            .framing(.severalLengths)
        ),
        .post(
            "two equal lengths",
            "RFC 9112 §6.3",
            "Content-Length: 5\r\nContent-Length: 5",
            .framing(.severalLengths)
        ),
        .post("a list of lengths", "RFC 9110 §8.6", "Content-Length: 5, 5", .framing(.badLength)),
        .post("an empty length", "RFC 9110 §8.6", "Content-Length:", .framing(.badLength)),
        .post("a length with plus", "RFC 9110 §8.6", "Content-Length: +5", .framing(.badLength)),
        .post("a length with minus", "RFC 9110 §8.6", "Content-Length: -5", .framing(.badLength)),
        .post("a length in hexadecimal", "RFC 9110 §8.6", "Content-Length: 0x5", .framing(.badLength)),
        .post("a length with a space", "RFC 9110 §8.6", "Content-Length: 1 5", .framing(.badLength)),
        .post("a length with a point", "RFC 9110 §8.6", "Content-Length: 5.0", .framing(.badLength)),
        .post("a length with an underscore", "RFC 9110 §8.6", "Content-Length: 1_0", .framing(.badLength)),
        .post("a length in quotes", "RFC 9110 §8.6", "Content-Length: \"5\"", .framing(.badLength)),
        .post("a length in other digits", "RFC 9110 §8.6", "Content-Length: ٥", .framing(.badLength)),
        .post(
            "a length of 2^63",
            "RFC 9110 §8.6",
            "Content-Length: 9223372036854775808",
            .framing(.badLength)
        ),
        .post(
            "a length of 2^64",
            "RFC 9110 §8.6",
            "Content-Length: 18446744073709551616",
            .framing(.badLength)
        ),
        .post(
            "a length of 2^64+5",
            "RFC 9110 §8.6",
            "Content-Length: 18446744073709551621",
            .framing(.badLength)
        ),
        .post(
            "a length of 30 digits",
            "RFC 9110 §8.6",
            "Content-Length: 000000000000000000000000000005",
            .framing(.badLength)
        ),
        .post("an empty coding", "RFC 9112 §6.1", "Transfer-Encoding:", .framing(.badCoding)),
        .post("commas alone", "RFC 9112 §6.1", "Transfer-Encoding: ,", .framing(.badCoding)),
        .post("chunked with a comma", "RFC 9112 §6.1", "Transfer-Encoding: chunked,", .framing(.badCoding)),
        .post("chunked twice", "RFC 9112 §6.1", "Transfer-Encoding: chunked, chunked", .framing(.badCoding)),
        .post(
            "two fields of chunked",
            "RFC 9112 §6.1",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            .framing(.severalCodings)
        ),
        .post(
            "TE.TE",
            "RFC 9112 §6.1",
            "Transfer-Encoding: chunked\r\nTransfer-encoding: identity",
            .framing(.severalCodings)
        ),
        .post("chunked not last", "RFC 9112 §6.3", "Transfer-Encoding: chunked, gzip", .framing(.badCoding)),
        .post(
            "chunked with a parameter",
            "RFC 9112 §7",
            "Transfer-Encoding: chunked;q=1",
            .framing(.badCoding)
        ),
        .post("chunked in quotes", "RFC 9112 §7", "Transfer-Encoding: \"chunked\"", .framing(.badCoding)),
        .post("chunked, apart", "RFC 9112 §7", "Transfer-Encoding: chun ked", .framing(.badCoding)),
        .post("xchunked", "RFC 9112 §6.1", "Transfer-Encoding: xchunked", .framing(.unknownCoding)),
        .post("identity", "RFC 9112 §6.1", "Transfer-Encoding: identity", .framing(.unknownCoding)),
        .post(
            "gzip and chunked",
            "RFC 9112 §6.1",
            "Transfer-Encoding: gzip, chunked",
            .framing(.unknownCoding)
        ),
        .init(
            "chunked in HTTP/1.0",
            "RFC 9112 §6.1",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: .framing(.codingInHTTP10)
        ),
        .init(
            "chunked and a length in HTTP/1.0",
            "RFC 9112 §6.1",
            "POST / HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: .framing(.codingInHTTP10)
        ),
    ]

    private static let others: [RequestCase] = [
        .post(
            "Connection that is not a list",
            "RFC 9110 §7.6.1",
            "Connection: clo se",
            .framing(.badConnection)
        ),
        .post(
            "Connection with a parameter",
            "RFC 9110 §7.6.1",
            "Connection: close;x",
            .framing(.badConnection)
        ),
        .post(
            "a flood of connection options",
            "limit",
            "Connection: " + String(repeating: "a,", count: 33),
            .framing(.tooManyConnectionOptions)
        ),
        .post("an expectation we cannot meet", "RFC 9110 §10.1.1", "Expect: tea", .unknownExpectation),
        .post(
            "two expectations",
            "RFC 9110 §10.1.1",
            "Expect: 100-continue, tea\r\nContent-Length: 1",
            .unknownExpectation
        ),
        .init(
            "TRACE with a body",
            "RFC 9110 §9.3.8",
            "TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n",
            refused: .traceWithBody
        ),
    ]
}
