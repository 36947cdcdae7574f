import HTTP1

extension RequestCase {
    /// Heads that are too large, under the limits a tier has unless told otherwise.
    package static let floods: [RequestCase] = [
        .init(
            "a target of 9,000 bytes",
            "limit",
            "GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
            refused: .targetTooLong
        ),
        .init(
            "101 field lines",
            "limit",
            "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: 100) + "\r\n",
            refused: .field(.tooMany)
        ),
        .init(
            "a field of 40,000 bytes",
            "limit",
            "GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "b", count: 40000) + "\r\n\r\n",
            refused: .headTooLarge
        ),
        .init(
            "a head that never ends",
            "limit",
            "GET / HTTP/1.1\r\nHost: h\r\n"
                + String(repeating: "Cookie: " + String(repeating: "c", count: 992) + "\r\n", count: 33),
            refused: .headTooLarge
        ),
    ]
}
