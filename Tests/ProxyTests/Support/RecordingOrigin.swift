import FuzzChecks
import NIOConcurrencyHelpers
import TestSupport

/// An origin that reads requests as strictly and plainly as can be, and keeps what it read.
final class RecordingOrigin: Sendable {
    struct Request: Sendable, Equatable {
        var start: [String]
        var host: [String]
        var content: [UInt8]
    }

    enum Event: Sendable, Equatable {
        case request(Request)
        /// A head was understood, and the connection closed before its body's end.
        case brokenOff(String)
        /// What came is no request for a strict reader.
        case nonsense([UInt8])
    }

    private let events = NIOLockedValueBox<[Event]>([])
    private let heads = NIOLockedValueBox<Int>(0)

    /// What came since the last call.
    func take() -> [Event] {
        events.withLockedValue { events in
            defer { events = [] }
            return events
        }
    }

    /// How many heads came in all.
    var headCount: Int { heads.withLockedValue { $0 } }

    /// The script of a `ScriptedOrigin`.
    @Sendable func serve(_ connection: RawSocket, _ number: Int) throws {
        while true {
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
                let some = try connection.readSome(1)
                if some.isEmpty {
                    if !head.isEmpty { note(.nonsense(head)) }
                    return
                }
                head += some
            }
            guard let plain = PlainHead(head), plain.start.count == 3 else { return note(.nonsense(head)) }
            heads.withLockedValue { $0 += 1 }
            let start = plain.start.map { String(decoding: $0, as: UTF8.self) }
            guard let content = try readBody(connection, plain.body) else {
                return note(.brokenOff(start[1]))
            }
            note(
                .request(
                    Request(
                        start: start,
                        host: plain.values("host").map { String(decoding: $0, as: UTF8.self) },
                        content: content
                    )
                )
            )
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
    }

    private func note(_ event: Event) { events.withLockedValue { $0.append(event) } }

    /// Nil if the connection closed within the body.
    private func readBody(_ connection: RawSocket, _ body: PlainHead.Body) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            switch body {
            case .unsaid: return []
            case .length(let length):
                if UInt64(bytes.count) == length { return bytes }
            case .chunked:
                switch ReferenceChunked.read(bytes) {
                case .whole(let content, _, _): return content
                case .wrong:
                    note(.nonsense(bytes))
                    return nil
                case .begun: break
                }
            }
            let some = try connection.readSome(1)
            if some.isEmpty { return nil }
            bytes += some
        }
    }
}
