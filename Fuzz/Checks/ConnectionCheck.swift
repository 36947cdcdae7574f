import HTTP1
import NIOCore

/// A whole connection through the whole data path, without sockets: a client that sends anything, in any reads,
/// to a target that answers anything. What reaches the target are requests that the client made, in order;
/// what reaches the client is one answer after another.
///
/// The input is the client's bytes, the byte 0x1E, and what the target says to each request.
enum ConnectionCheck {
    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        let parts = bytes.split(separator: 0x1E, maxSplits: 1, omittingEmptySubsequences: false)
        let said = Array(parts[0])
        let script = ClientScript(said)
        let answer = parts.count > 1 ? Array(parts[1]) : []
        let seen = try ConnectionRun.run(said, answer: answer)
        // What follows a switch of protocols is nobody's to judge.
        guard try checkAnswers(seen.downstream, script, answer) else { return }
        try checkRequests(seen, script)
    }

    /// - Returns: false if the protocol was switched.
    private static func checkAnswers(
        _ bytes: [UInt8],
        _ script: ClientScript,
        _ answer: [UInt8]
    ) throws(Contradiction) -> Bool {
        var rest = bytes[...]
        var number = 0
        while !rest.isEmpty {
            guard let end = ConnectionRun.headEnd(rest), let head = PlainHead(rest[..<end]),
                head.start.count >= 2
            else {
                throw Contradiction("a client gets what is no answer", bytes)
            }
            rest = rest[end...]
            let status = head.start[1]
            if status == Array("101".utf8) { return false }
            if status.first == UInt8(ascii: "1") { continue }
            try claim(number <= script.requests.count, "a client gets an answer nobody asked for", bytes)
            let request = number < script.requests.count ? script.requests[number].meaning : nil
            number += 1
            let content: [UInt8]
            let isBodiless =
                request?.kind == .head || status == Array("204".utf8) || status == Array("304".utf8)
            switch isBodiless ? .length(0) : head.body {
            case .length(let length):
                guard rest.count >= length else { return true }
                content = Array(rest.prefix(Int(length)))
                rest = rest.dropFirst(Int(length))
            case .chunked:
                try claim(request?.version != .http10, "chunks go to HTTP/1.0", bytes)
                switch ReferenceChunked.read(Array(rest)) {
                case .wrong: throw Contradiction("a client gets what is no chunked body", bytes)
                case .begun: return true
                case .whole(let whole, _, let length):
                    content = whole
                    rest = rest.dropFirst(length)
                }
            case .unsaid:
                try claim(
                    head.values("connection") == [Array("close".utf8)],
                    "an answer without an end",
                    bytes
                )
                return true
            }
            try checkContent(content, head, to: request, answer, bytes)
        }
        return true
    }

    /// A whole answer that is not Berth's own is the target's, whole.
    private static func checkContent(
        _ content: [UInt8],
        _ head: PlainHead,
        to request: RequestMeaning?,
        _ answer: [UInt8],
        _ bytes: [UInt8]
    ) throws(Contradiction) {
        let own = Array("berth-front;".utf8)
        if head.values("proxy-status").contains(where: { $0.starts(with: own) }) { return }
        var rest = answer
        while case .head(let meaning) = ResponseHeadCheck.read(rest, to: request?.kind ?? .get) {
            rest = Array(rest[meaning.length...])
            if meaning.status < 200 && meaning.status != 101 { continue }
            let body = try DecodedBody(rest, meaning.framing)
            if meaning.framing != .untilClose, case .needsMore = body.end { break }
            if case .refused = body.end { break }
            return try claim(body.content == content, "a client gets other content", bytes)
        }
        throw Contradiction("a client gets half an answer as a whole one", bytes)
    }

    private static func checkRequests(_ seen: ConnectionRun, _ script: ClientScript) throws(Contradiction) {
        var last = -1
        for request in seen.requests {
            guard let plain = PlainHead(request.head), plain.start.count == 3 else {
                throw Contradiction("a target gets what is no request", request.head)
            }
            func matches(_ index: Int) -> Bool {
                guard script.requests.indices.contains(index) else { return false }
                let made = script.requests[index]
                return plain.start[0] == made.meaning.method && plain.start[1] == made.meaning.target
                    && plain.values("host") == [made.meaning.host]
                    && (request.content.map { $0 == made.content && made.isWhole } ?? true)
            }
            // A request is sent again at most where that does no harm.
            if matches(last), script.requests[last].meaning.kind.isIdempotent, !matches(last + 1) { continue }
            var next = last + 1
            while next < script.requests.count, !matches(next) { next += 1 }
            try claim(next < script.requests.count, "a target gets a request that nobody made", request.head)
            last = next
        }
        try claim(!seen.nonsense, "a target gets what is no body", seen.requests.last?.head ?? [])
    }
}
