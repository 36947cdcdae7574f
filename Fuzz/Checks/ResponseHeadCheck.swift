import HTTP1

/// As `RequestHeadCheck`, for answers: to a GET, a HEAD and a CONNECT.
enum ResponseHeadCheck {
    typealias Outcome = Reading<ResponseMeaning, ResponseError>

    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        var reads = Reads(bytes)
        for method in [MethodKind.get, .head, .connect] {
            let whole = read(bytes, to: method)
            let sizes = reads.sizes(bytes.count)
            try claim(read(bytes, to: method, in: sizes) == whole, "reads change what an answer says", bytes)
            let limits = reads.limits(bytes.count)
            try claim(
                read(bytes, to: method, in: sizes, limits: limits) == read(bytes, to: method, limits: limits),
                "reads change what an answer says under \(limits)",
                bytes
            )
            switch whole {
            case .incomplete: break
            case .refused:
                try claim(
                    read(bytes + next, to: method) == whole,
                    "a refusal depends on what follows",
                    bytes
                )
            case .head(let meaning): try check(meaning, to: method, bytes)
            }
        }
    }

    /// What might follow a head, and must not change it.
    private static let next = Array("\r\n\r\nHTTP/1.1 200 Next\r\n\0".utf8)

    private static func check(
        _ meaning: ResponseMeaning,
        to method: MethodKind,
        _ bytes: [UInt8]
    ) throws(Contradiction) {
        guard (1...bytes.count).contains(meaning.length) else {
            throw Contradiction("a head ends outside of what came", bytes)
        }
        let head = Array(bytes[..<meaning.length])
        try claim(read(head, to: method) == .head(meaning), "what follows a head changes it", bytes)
        try claim(read(head + next, to: method) == .head(meaning), "what follows a head changes it", bytes)
        try claim(read(head.dropLast(), to: method) == .incomplete, "a head ends before its end", bytes)
        guard let plain = PlainHead(strict(head)) else {
            throw Contradiction("a plain reader refuses what was accepted", head)
        }
        try compare(meaning, to: method, plain, head)
    }

    /// The same head with CRLF at the end of each line.
    private static func strict(_ head: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in head {
            if byte == 0x0A, bytes.last != 0x0D { bytes.append(0x0D) }
            bytes.append(byte)
        }
        return bytes
    }

    /// A head as it was accepted, and as the plain reader has it.
    static func compare(
        _ meaning: ResponseMeaning,
        to method: MethodKind,
        _ plain: PlainHead,
        _ head: [UInt8]
    ) throws(Contradiction) {
        let status = Array(String(meaning.status).utf8)
        try claim(plain.start.count >= 2 && plain.start[1] == status, "another status", head)
        let reason = plain.start.count > 2 ? plain.start[2] : []
        try claim(reason == meaning.reason, "another reason", head)
        try claim(plain.lines == meaning.fields.map(\.line), "other fields", head)
        if meaning.isBodiless(to: method) {
            try claim(meaning.framing == .none, "a body where none may be", head)
        } else {
            switch (plain.body, meaning.framing) {
            case (.unsaid, .untilClose): try claim(!meaning.keepAlive, "goes on after its close", head)
            case (.chunked, .chunked): break
            case (.length(let plain), .length(let length)) where plain == length: break
            default: throw Contradiction("a body of another length: \(meaning.framing), \(plain.body)", head)
            }
        }
    }

    static func read(
        _ bytes: [UInt8],
        to method: MethodKind,
        in sizes: [Int]? = nil,
        limits: HeadLimits = .default
    ) -> Outcome {
        var head = ResponseHead()
        var scanned = 0
        var count = 0
        for size in sizes ?? [bytes.count] {
            count += size
            let span = bytes.span.extracting(first: count)
            do throws(ResponseError) {
                if try head.parse(span, scanned: &scanned, limits: limits, requestMethod: method) {
                    return .head(ResponseMeaning(head, bytes))
                }
            } catch {
                return .refused(error)
            }
        }
        return .incomplete
    }
}
