import HTTP1

/// Whatever comes, a request's head means one thing, or is refused: in any reads, with anything behind it, and
/// for the plainest of readers too.
enum RequestHeadCheck {
    typealias Outcome = Reading<RequestMeaning, RequestError>

    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        var reads = Reads(bytes)
        let whole = read(bytes)
        try claim(
            read(bytes, in: reads.sizes(bytes.count)) == whole,
            "reads change what a request says",
            bytes
        )
        let limits = reads.limits(bytes.count)
        try claim(
            read(bytes, in: reads.sizes(bytes.count), limits: limits) == read(bytes, limits: limits),
            "reads change what a request says under \(limits)",
            bytes
        )
        switch whole {
        case .incomplete: break
        case .refused: try claim(read(bytes + next) == whole, "a refusal depends on what follows", bytes)
        case .head(let meaning): try check(meaning, bytes)
        }
    }

    /// What might follow a head, and must not change it.
    private static let next = Array("\r\n\r\nGET /next HTTP/1.1\r\n\0".utf8)

    private static func check(_ meaning: RequestMeaning, _ bytes: [UInt8]) throws(Contradiction) {
        guard (1...bytes.count).contains(meaning.length) else {
            throw Contradiction("a head ends outside of what came", bytes)
        }
        let head = Array(bytes[..<meaning.length])
        try claim(read(head) == .head(meaning), "what follows a head changes it", bytes)
        try claim(read(head + next) == .head(meaning), "what follows a head changes it", bytes)
        try claim(read(head.dropLast()) == .incomplete, "a head ends before its end", bytes)
        let blank = head.starts(with: [0x0D, 0x0A]) ? 2 : 0
        guard let plain = PlainHead(head[blank...]) else {
            throw Contradiction("a plain reader refuses what was accepted", head)
        }
        try compare(meaning, plain, head)
    }

    /// A head as it was accepted, and as the plain reader has it.
    static func compare(
        _ meaning: RequestMeaning,
        _ plain: PlainHead,
        _ head: [UInt8]
    ) throws(Contradiction) {
        try claim(plain.start.count == 3 && plain.start[0] == meaning.method, "another method", head)
        let version = plain.start[2]
        try claim(
            version.starts(with: Array("HTTP/1.".utf8)) && version.count == 8
                && (version[7] == 0x30) == (meaning.version == .http10),
            "another version",
            head
        )
        try claim(plain.lines == meaning.fields.map(\.line), "other fields", head)
        switch (plain.body, meaning.framing) {
        case (.unsaid, .none), (.chunked, .chunked): break
        case (.length(let plain), .length(let length)) where plain == length: break
        default: throw Contradiction("a body of another length: \(meaning.framing), \(plain.body)", head)
        }
        try claim(meaning.framing != .chunked || meaning.version == .http11, "chunked in HTTP/1.0", head)
        let hosts = plain.values("host")
        try claim(hosts.count == 1 || hosts.isEmpty && meaning.version == .http10, "no one Host", head)
        if plain.start[1].first == 0x2F || plain.start[1] == [0x2A] {
            try claim(meaning.host == hosts.first ?? [], "another host", head)
            try claim(meaning.target == plain.start[1], "another target", head)
        }
        try claim(meaning.target.first == 0x2F || meaning.target == [0x2A], "a target of no form", head)
    }

    static func read(
        _ bytes: [UInt8],
        in sizes: [Int]? = nil,
        limits: HeadLimits = .default
    ) -> Outcome {
        var head = RequestHead()
        var scanned = 0
        var count = 0
        for size in sizes ?? [bytes.count] {
            count += size
            let span = bytes.span.extracting(first: count)
            do throws(RequestError) {
                if try head.parse(span, scanned: &scanned, limits: limits) {
                    return .head(RequestMeaning(head, bytes))
                }
            } catch {
                return .refused(error)
            }
        }
        return .incomplete
    }
}
