import FuzzChecks
import HTTP1
import HTTPCases
import TestSupport

/// The tables of cases as input for fuzzers.
enum FuzzSeeds {
    static func seeds(_ target: FuzzTarget) -> [[UInt8]] {
        switch target {
        case .requestHead: requests.map(\.bytes)
        case .responseHead: answers.map(\.bytes)
        case .body: bodies
        case .exchange: exchanges
        case .connection: exchanges + pipelines
        case .clientHello: hellos
        case .http2: []
        }
    }

    private static let requests = RequestCase.good + RequestCase.bad
    private static let answers = ResponseCase.good + ResponseCase.bad

    private static let bodies: [[UInt8]] = {
        var random = SeededRandom(seed: 1)
        return BodyCase.bad.map(\.bytes)
            + (0..<60).map { _ in GeneratedBody(using: &random).bytes }
    }()

    private static let hellos: [[UInt8]] = {
        var names = ["www.test.priv", "WWW.Test.Priv.", "10.0.0.1", "::1", "a..b", "a_b.test.priv", "a\0b"]
            .map {
                HelloBytes(name: $0)
            }
        var twice = HelloBytes(name: "www.test.priv")
        twice.add(name: Array("api.test.priv".utf8))
        names.append(twice)
        var grease = HelloBytes()
        grease.add(protocols: [[0x4A, 0x4A], Array("http/1.1".utf8)])
        grease.add(versions: [0x8A8A, 0x0304])
        names.append(grease)
        var old = HelloBytes()
        old.hasExtensions = false
        names.append(old)
        return names.map(\.bytes) + names.map { HelloBytes.records($0.message, sizes: [1, 3, 40]) }
            + [[0x80, 0x2E, 1, 3, 1], Array("GET / HTTP/1.1\r\n".utf8), Array("PRI * HTTP/2.0\r\n".utf8)]
    }()

    /// Each request with an answer, each answer to a request, and bodies of both.
    private static let exchanges: [[UInt8]] = {
        let post = Array("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let old = Array("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n".utf8)
        let chunked = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let plain = Array("HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
        return requests.map { $0.bytes + [0x1E] + plain }
            + answers.map { ($0.method == .head ? head : old) + [0x1E] + $0.bytes }
            + bodies.map { post + $0 + [0x1E] + chunked + $0 }
    }()

    /// Several requests on one connection.
    private static let pipelines: [[UInt8]] = {
        let get = Array("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let put = Array(
            "PUT /2 HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8
        )
        let last = Array("GET /3 HTTP/1.0\r\nHost: c\r\n\r\n".utf8)
        return answers.map { get + put + head + last + [0x1E] + $0.bytes + Array("hello".utf8) }
            + bodies.map {
                put + head + get + [0x1E]
                    + Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8) + $0
            }
    }()

    private static let head = Array("HEAD /a?b HTTP/1.1\r\nHost: h\r\nX-Gone: 1\r\n\r\n".utf8)
}
