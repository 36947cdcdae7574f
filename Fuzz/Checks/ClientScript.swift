import HTTP1

/// The requests that a client's bytes are, by the parser and the decoder alone.
struct ClientScript {
    struct Request {
        var meaning: RequestMeaning
        var content: [UInt8]
        var isWhole: Bool
    }

    var requests: [Request] = []

    /// Up to the first that is refused, cut off, or the last that its client wants.
    init(_ bytes: [UInt8]) {
        var rest = bytes
        while case .head(let meaning) = RequestHeadCheck.read(rest) {
            rest = Array(rest[meaning.length...])
            guard let body = try? DecodedBody(rest, meaning.framing) else { return }
            guard case .complete(let length) = body.end else {
                requests.append(Request(meaning: meaning, content: body.content ?? [], isWhole: false))
                return
            }
            requests.append(Request(meaning: meaning, content: body.content ?? [], isWhole: true))
            guard meaning.keepAlive else { return }
            rest = Array(rest[length...])
        }
    }
}
