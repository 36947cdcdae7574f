import NIOCore
import Testing

@testable import Proxy
@testable import ProxyCore

/// What an endpoint does to an exchange, and what must come of it.
struct UpstreamFault: Sendable, CustomTestStringConvertible {
    /// How the exchange ends for the client.
    enum End: Sendable, Equatable {
        /// An answer of Berth's own, with this status and this error in `Proxy-Status`.
        case told(Int, String)
        /// The answer breaks off.
        case cut
        /// The answer comes whole all the same.
        case whole
    }

    typealias Act = @Sendable (FaultBench, FaultBench.Peer) -> Void

    let name: String
    var request = Self.get
    var connecting: @Sendable () -> FaultBench.Connecting = { .works }
    /// What the endpoint does when the request is there.
    var act: Act = { _, _ in }
    let end: End
    /// The word in the log; nil for an exchange that counts as good.
    let cause: Failure.Reason?
    /// The status in the log, where it is not the one that was told.
    var logged = 200

    var testDescription: String { name }

    static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    static let put = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n0123456789"

    // MARK: How an endpoint fails

    enum Failing: String, CaseIterable, Sendable {
        case closes, resets, hangs

        func act(_ bench: FaultBench, _ peer: FaultBench.Peer) {
            switch self {
            case .closes: peer.wire.close()
            case .resets: peer.wire.reset()
            case .hangs: bench.pass(.seconds(5))
            }
        }
    }

    /// The endpoint says `text`, and fails behind it, in each of the three ways.
    private static func behind(
        _ place: String,
        _ text: String,
        _ end: (Failing) -> (End, Failure.Reason)
    ) -> [UpstreamFault] {
        Failing.allCases.map { failing in
            let (end, cause) = end(failing)
            return UpstreamFault(
                name: "It \(failing.rawValue) \(place)",
                act: { bench, peer in
                    peer.say(text)
                    bench.settle()
                    failing.act(bench, peer)
                },
                end: end,
                cause: cause
            )
        }
    }

    /// Nothing of an answer went on yet.
    private static func untold(_ failing: Failing) -> (End, Failure.Reason) {
        switch failing {
        case .closes, .resets: (.told(502, "connection_terminated"), .connectionReset)
        case .hangs: (.told(504, "http_response_timeout"), .upstreamTimeout)
        }
    }

    private static func broken(_ failing: Failing) -> (End, Failure.Reason) {
        (.cut, failing == .hangs ? .upstreamTimeout : .responseIncomplete)
    }

    private static func says(
        _ name: String,
        _ text: String,
        _ end: End,
        _ cause: Failure.Reason?
    ) -> UpstreamFault {
        UpstreamFault(name: name, act: { _, peer in peer.say(text) }, end: end, cause: cause)
    }

    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let all: [UpstreamFault] =
        connects
        + behind("before it says anything", "", untold)
        + behind("within the status line", "HTTP/1.1 20", untold)
        + behind("within the fields", "HTTP/1.1 200 OK\r\nContent-", untold)
        + behind("behind an interim answer", "HTTP/1.1 103 Early\r\n\r\n", untold)
        + behind("between head and body", head, broken)
        + behind("within a body of known length", head + "half", broken)
        + behind("within a chunk's size", chunked + "4\r\nabcd\r\n1", broken)
        + behind("within a chunk", chunked + "4\r\nab", broken)
        + behind("between chunks", chunked + "4\r\nabcd\r\n", broken)
        + behind("before the trailers", chunked + "4\r\nabcd\r\n0\r\n", broken)
        + behind("within the trailers", chunked + "4\r\nabcd\r\n0\r\nX-T: ", broken)
        + untilClose + garbage + early

    private static let connects: [UpstreamFault] =
        [
            (.connectionRefused, 502, "connection_refused"), (.connectionReset, 502, "connection_terminated"),
            (.unroutable, 502, "destination_ip_unroutable"), (.connectFailed, 502, "destination_unavailable"),
            (.outOfDescriptors, 503, "connection_limit_reached"),
        ].map { (reason: Failure.Reason, status: Int, token: String) in
            UpstreamFault(
                name: "The connection fails: \(reason.rawValue)",
                connecting: { .fails(reason) },
                end: .told(status, token),
                cause: reason
            )
        } + [
            UpstreamFault(
                name: "The connection is never made",
                connecting: { .hangs },
                end: .told(504, "connection_timeout"),
                cause: .connectTimeout
            )
        ]

    private static let untilClose: [UpstreamFault] = [
        UpstreamFault(
            name: "It closes, where closing is the end",
            act: { bench, peer in
                peer.say("HTTP/1.1 200 OK\r\n\r\nall of it")
                bench.settle()
                peer.wire.close()
            },
            end: .whole,
            cause: nil
        ),
        UpstreamFault(
            name: "It resets, where closing would be the end",
            act: { bench, peer in
                peer.say("HTTP/1.1 200 OK\r\n\r\nhalf")
                bench.settle()
                peer.wire.reset()
            },
            end: .cut,
            cause: .responseIncomplete
        ),
    ]

    private static let garbage: [UpstreamFault] = [
        says(
            "It speaks another protocol",
            "SSH-2.0-x\r\n\r\n",
            .told(502, "http_protocol_error"),
            .invalidResponse
        ),
        says(
            "Garbage stands in its head",
            "HTTP/1.1 200 OK\r\nA\u{0}: b\r\n\r\n",
            .told(502, "http_protocol_error"),
            .invalidResponse
        ),
        says(
            "Its head is a flood",
            "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n",
            .told(502, "http_response_header_section_size"),
            .responseHeadTooLarge
        ),
        says(
            "Interim answers are a flood",
            String(repeating: "HTTP/1.1 102 Wait\r\n\r\n", count: 33),
            .told(502, "http_protocol_error"),
            .invalidResponse
        ),
        says(
            "Its first chunk, which comes with the head, is none",
            chunked + "zz\r\nabcd\r\n0\r\n\r\n",
            .told(502, "http_protocol_error"),
            .invalidResponse
        ),
        says(
            "A later chunk, which comes with the head, is none",
            chunked + "4\r\nabcd\r\nzz\r\nabcd\r\n0\r\n\r\n",
            .told(502, "http_protocol_error"),
            .invalidResponse
        ),
        UpstreamFault(
            name: "A chunk is none when the head has gone",
            act: { bench, peer in
                peer.say(chunked + "4\r\nabcd\r\n")
                bench.settle()
                peer.say("zz\r\n")
            },
            end: .cut,
            cause: .responseIncomplete
        ),
        says(
            "It switches protocols unasked",
            "HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            .told(502, "http_upgrade_failed"),
            .upgradeFailed
        ),
        says(
            "It says more than it was asked",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
            .whole,
            nil
        ),
    ]

    private static let early: [UpstreamFault] = [
        UpstreamFault(
            name: "It answers before it has the request",
            request: put,
            act: { _, peer in peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") },
            end: .whole,
            cause: nil
        ),
        UpstreamFault(
            name: "It answers before it has the request, and closes",
            request: put,
            act: { bench, peer in
                peer.say("HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
                bench.settle()
                peer.wire.close()
            },
            end: .whole,
            cause: nil,
            logged: 413
        ),
        UpstreamFault(
            name: "It closes within the request",
            request: put,
            act: { _, peer in peer.wire.close() },
            end: .told(502, "connection_terminated"),
            cause: .connectionReset
        ),
        UpstreamFault(
            name: "It resets within the request",
            request: put,
            act: { _, peer in peer.wire.reset() },
            end: .told(502, "connection_terminated"),
            cause: .connectionReset
        ),
        UpstreamFault(
            name: "It begins an answer within the request, and breaks it off",
            request: put,
            act: { bench, peer in
                peer.say(head + "half")
                bench.settle()
                peer.wire.reset()
            },
            end: .cut,
            cause: .responseIncomplete
        ),
    ]
}
