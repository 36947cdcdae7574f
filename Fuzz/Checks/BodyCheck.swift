import HTTP1

/// A body ends in one place, in any reads; and what passes of a chunked one is a chunked body again, of the same
/// content, for the strictest of readers too.
enum BodyCheck {
    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        var reads = Reads(bytes)
        let length = reads.number(below: bytes.count + 4)
        for framing in [BodyFraming.chunked, .length(UInt64(length)), .untilClose, .none] {
            let whole = try DecodedBody(bytes, framing)
            var runs = try DecodedBody(bytes, framing, in: reads.sizes(bytes.count), runs: true)
            let pieces = try DecodedBody(bytes, framing, in: reads.sizes(bytes.count))
            try claim(pieces == whole, "reads change a body of \(framing)", bytes)
            // Runs do not tell content from framing.
            runs.content = whole.content
            try claim(runs == whole, "runs and pieces of a body of \(framing) differ", bytes)
            try claim(whole.bodyBytes == UInt64(whole.content?.count ?? 0), "content counted wrongly", bytes)
            if framing == .chunked {
                try judge(whole, bytes)
            } else {
                try claim(whole.passed == whole.content, "framing where there is none", bytes)
            }
        }
        let plain = try DecodedBody(bytes, .length(UInt64(length)))
        try claim(plain.passed == Array(bytes.prefix(length)), "a length passes other bytes", bytes)
    }

    /// What passed of a chunked body, read again.
    static func judge(_ body: DecodedBody, _ bytes: [UInt8]) throws(Contradiction) {
        switch ReferenceChunked.read(body.passed) {
        case .wrong(let place): throw Contradiction("what passes is wrong at \(place)", body.passed)
        case .begun:
            if case .complete = body.end { throw Contradiction("what passes has no end", body.passed) }
        case .whole(let content, _, let length):
            try claim(length == body.passed.count, "what passes ends before its end", body.passed)
            try claim(content == body.content, "what passes has other content", body.passed)
            guard case .complete = body.end else {
                throw Contradiction("what passes ends for the next reader alone", bytes)
            }
        }
        let again = try DecodedBody(body.passed, .chunked)
        try claim(again.passed == body.passed, "what passes is not passed on as it is", body.passed)
        try claim(again.content == body.content, "what passes has other content", body.passed)
        if case .refused = again.end { throw Contradiction("what passes is refused", body.passed) }
    }
}
