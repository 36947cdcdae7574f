import Glibc

/// One message as the strictest reading of RFC 9112 has it.
struct StrictMessage {
    var start = ""
    var fields: [(name: String, value: String)] = []
    var framing = Framing.none
    var body: [UInt8] = []
    var trailers: [String] = []

    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    func values(_ name: String) -> [String] {
        fields.compactMap { $0.name.lowercased() == name ? $0.value : nil }
    }

    func first(_ name: String) -> String? { values(name).first }

    /// Of an answer.
    var status: Int { Int(start.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    /// Of a request.
    var method: String { String(start.prefix { $0 != " " }) }
    var target: String { String(start.split(separator: " ").dropFirst().first ?? "") }
    /// `Connection` names the option.
    func connection(_ option: String) -> Bool {
        values("connection").contains { value in
            value.lowercased().split(separator: ",").contains { $0.drop { $0 == " " } == option }
        }
    }
}

/// What is wrong with a message that Berth sent.
struct NotStrict: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A reader of messages that shares no code with `HTTP1` and takes nothing that can be
/// read in two ways: the judge of what Berth sends to either side.
struct StrictReader {
    enum Side { case request, answer }

    enum Event {
        case needMore
        /// `message` has its start line and its fields.
        case head
        /// `message` is whole.
        case end
    }

    private enum State { case head, body(Int), untilClose, chunkSize, chunk(Int), trailers }

    let side: Side
    /// Of an answer: the method and the id of the request that it answers.
    private var method = ""
    private var id = ""
    private(set) var message = StrictMessage()
    /// Bytes that are not understood yet.
    private(set) var rest: [UInt8] = []
    private var state = State.head

    init(_ side: Side) {
        self.side = side
    }

    /// Not in the middle of a message.
    var isBetween: Bool {
        if case .head = state { rest.isEmpty } else { false }
    }

    /// In the middle of a message's body.
    var isInBody: Bool {
        if case .head = state { false } else { true }
    }

    /// Which request the next answer is to.
    mutating func expect(_ method: String, id: String) {
        self.method = method
        self.id = id
    }

    mutating func feed(_ bytes: ArraySlice<UInt8>) {
        rest.append(contentsOf: bytes)
    }

    /// Takes what is left, as another protocol's.
    mutating func takeRest() -> [UInt8] {
        defer { rest = [] }
        return rest
    }

    mutating func next() throws(NotStrict) -> Event {
        while true {
            switch state {
            case .head:
                guard let end = headEnd() else { return .needMore }
                try readHead(Array(rest[..<end]))
                rest.removeFirst(end + 4)
                return .head
            case .body(let missing):
                let taken = min(missing, rest.count)
                message.body.append(contentsOf: rest[..<taken])
                rest.removeFirst(taken)
                state = .body(missing - taken)
                if missing > taken { return .needMore }
                return finish()
            case .untilClose:
                message.body.append(contentsOf: rest)
                rest = []
                return .needMore
            case .chunkSize:
                guard let line = try line() else { return .needMore }
                guard !line.isEmpty, line.count <= 16, line.first != "0" || line == "0",
                    line.allSatisfy({ $0.isHexDigit && $0.isASCII }), let size = Int(line, radix: 16)
                else { throw NotStrict("the chunk size is '\(line)'") }
                state = size == 0 ? .trailers : .chunk(size)
            case .chunk(let size):
                guard rest.count >= size + 2 else { return .needMore }
                message.body.append(contentsOf: rest[..<size])
                guard rest[size] == 13, rest[size + 1] == 10 else {
                    throw NotStrict("a chunk's end is missing")
                }
                rest.removeFirst(size + 2)
                state = .chunkSize
            case .trailers:
                guard let line = try line() else { return .needMore }
                if line.isEmpty { return finish() }
                _ = try field(line)
                message.trailers.append(line)
            }
        }
    }

    /// The sender closed.
    ///
    /// - Returns: whether that completed a message that ends by it.
    mutating func close() -> Bool {
        guard case .untilClose = state else { return false }
        _ = finish()
        return true
    }

    private mutating func finish() -> Event {
        state = .head
        return .end
    }

    /// Lets the message have no body after all, as the other side knows.
    private mutating func readHead(_ bytes: [UInt8]) throws(NotStrict) {
        message = StrictMessage()
        let text = String(decoding: bytes, as: UTF8.self)
        var lines: [String] = []
        var line = ""
        // A CRLF is one Character, a bare CR or LF is another.
        for character in text {
            if character == "\r\n" {
                lines.append(line)
                line = ""
            } else {
                try check(character)
                line.append(character)
            }
        }
        lines.append(line)
        message.start = lines[0]
        try readStart(lines[0])
        for line in lines.dropFirst() { message.fields.append(try field(line)) }
        try readFraming()
        switch message.framing {
        case .none: state = .body(0)
        case .length(let length): state = .body(length)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        }
    }

    private func check(_ character: Character) throws(NotStrict) {
        guard let scalar = character.unicodeScalars.first, scalar.value >= 32 || scalar == "\t",
            scalar != "\u{7F}"
        else { throw NotStrict("a control byte stands in a line") }
    }

    private func readStart(_ line: String) throws(NotStrict) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        switch side {
        case .request:
            guard parts.count == 3, parts[2] == "HTTP/1.1", !parts[0].isEmpty,
                parts[1].hasPrefix("/") || parts[1] == "*"
            else { throw NotStrict("the request line is '\(line)'") }
        case .answer:
            guard parts.count >= 3, parts[0] == "HTTP/1.1", parts[1].count == 3, let status = Int(parts[1]),
                status >= 100, status <= 599
            else { throw NotStrict("the status line is '\(line)'") }
        }
    }

    private func field(_ line: String) throws(NotStrict) -> (name: String, value: String) {
        let name = line.prefix { $0 != ":" }
        guard !name.isEmpty, name.count < line.count,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "!#$%&'*+-.^_`|~".contains($0)) })
        else { throw NotStrict("a field line is '\(line)'") }
        let value = line.dropFirst(name.count + 1).drop { $0 == " " || $0 == "\t" }
        return (String(name), String(value))
    }

    private mutating func readFraming() throws(NotStrict) {
        let lengths = message.values("content-length")
        let codings = message.values("transfer-encoding")
        guard lengths.count + codings.count <= 1 else {
            throw NotStrict("the framing is given more than once")
        }
        if side == .request, message.values("host").count != 1 { throw NotStrict("there is not one Host") }
        if side == .answer {
            let status = message.status
            if status < 200 || status == 204, !lengths.isEmpty || !codings.isEmpty {
                throw NotStrict("\(status) gives a framing")
            }
            if isToHead || status < 200 || status == 204 || status == 304 { return }
        }
        if let length = lengths.first {
            guard !length.isEmpty, length.allSatisfy({ ("0"..."9").contains($0) }), let value = Int(length)
            else {
                throw NotStrict("Content-Length is '\(length)'")
            }
            message.framing = .length(value)
        } else if let coding = codings.first {
            guard coding == "chunked" else { throw NotStrict("Transfer-Encoding is '\(coding)'") }
            message.framing = .chunked
        } else if side == .answer {
            message.framing = .untilClose
        }
    }

    /// Where Berth could not read the head it could not know the method: the failure's id is its own then.
    private var isToHead: Bool {
        method == "HEAD"
            && (message.first("server") != "berth" || [nil, id].contains(message.first("x-request-id")))
    }

    /// Where the empty line begins that ends the head.
    private func headEnd() -> Int? {
        guard rest.count >= 4 else { return nil }
        return rest.withUnsafeBufferPointer { bytes in
            var place = 3
            while place < bytes.count {
                if bytes[place] == 10, bytes[place - 1] == 13, bytes[place - 2] == 10, bytes[place - 3] == 13
                {
                    return place - 3
                }
                place += 1
            }
            return nil
        }
    }

    private func lineEnd() -> Int? {
        rest.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let end = memchr(start, 10, bytes.count) else { return nil }
            return UnsafeRawPointer(end) - start
        }
    }

    private mutating func line() throws(NotStrict) -> String? {
        guard let end = lineEnd() else { return nil }
        guard end > 0, rest[end - 1] == 13 else { throw NotStrict("a bare LF ends a line") }
        let text = String(decoding: rest[..<(end - 1)], as: UTF8.self)
        for character in text { try check(character) }
        rest.removeFirst(end + 1)
        return text
    }
}
