import FuzzChecks

/// An origin that reads requests as strictly and plainly as can be, and keeps what it read.
final class RecordingOrigin {
    struct Request: Equatable {
        var start: [String]
        var host: [String]
        var content: [UInt8]
    }

    enum Event: Equatable {
        case request(Request)
        /// A head was understood, and the connection closed before its body's end.
        case brokenOff(String)
        /// What came is not a request for a strict reader.
        case nonsense([UInt8])
    }

    private var events: [Event] = []
    /// What has begun on a connection: its head, and what has come of its body.
    private var begun: [ObjectIdentifier: (head: PlainHead, body: [UInt8])] = [:]
    /// How many heads came in all.
    private(set) var headCount = 0

    /// What came since the last call.
    func take() -> [Event] {
        defer { events = [] }
        return events
    }

    /// The script of an `EmbeddedTier`.
    func serve(_ connection: EmbeddedPeer) {
        let key = connection.id
        while true {
            if begun[key] == nil {
                guard let bytes = connection.nextHeadBytes() else { break }
                guard let head = PlainHead(bytes), head.start.count == 3 else {
                    return refuse(connection, bytes)
                }
                headCount += 1
                begun[key] = (head, [])
            }
            guard let (head, before) = begun[key] else { break }
            let bytes = before + connection.takeBytes()
            begun[key] = (head, bytes)
            let content: [UInt8]
            switch Self.read(head.body, bytes) {
            case .whole(let bytes): content = bytes
            case .begun: return end(connection)
            case .wrong: return refuse(connection, bytes)
            }
            begun[key] = nil
            let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
            events.append(
                .request(
                    Request(
                        start: head.start.map(text),
                        host: head.values("host").map(text),
                        content: content
                    )
                )
            )
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        end(connection)
    }

    private func refuse(_ connection: EmbeddedPeer, _ bytes: [UInt8]) {
        begun[connection.id] = nil
        events.append(.nonsense(bytes))
        connection.close()
    }

    /// Notes what a connection that has ended leaves unfinished.
    private func end(_ connection: EmbeddedPeer) {
        guard connection.isEnded else { return }
        let rest = connection.takeBytes()
        if let (head, _) = begun.removeValue(forKey: connection.id) {
            events.append(.brokenOff(String(decoding: head.start[1], as: UTF8.self)))
        } else if !rest.isEmpty {
            events.append(.nonsense(rest))
        }
        connection.close()
    }

    private enum Reading {
        case whole([UInt8])
        case begun
        case wrong
    }

    /// Reads a body, after which nothing may follow: the proxy sends a request when the last is over.
    private static func read(_ body: PlainHead.Body, _ bytes: [UInt8]) -> Reading {
        switch body {
        case .unsaid: return bytes.isEmpty ? .whole([]) : .wrong
        case .length(let length):
            if UInt64(bytes.count) == length { return .whole(bytes) }
            return UInt64(bytes.count) < length ? .begun : .wrong
        case .chunked:
            switch ReferenceChunked.read(bytes) {
            case .whole(let content, _, bytes.count): return .whole(content)
            case .begun: return .begun
            case .whole, .wrong: return .wrong
            }
        }
    }
}
