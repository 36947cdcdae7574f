import Routing

/// Parses a line of text: Berth's own format, or nginx's and Apache's `combined` with the host before it.
///
///     192.0.2.7 - - [time] "GET / HTTP/1.1" 200 1 "-" "curl/8" host=a.test.priv rule=saas …
///     a.test.priv 192.0.2.7 - - [time] "GET / HTTP/1.1" 200 1 "-" "curl/8"
///     a.test.priv:80 192.0.2.7 - - [time] "GET / HTTP/1.1" 200 1 "-" "curl/8"
enum TextLogLine {
    static func read(_ line: Span<UInt8>, into request: inout LoggedRequest) -> LogLineFault? {
        // The first words: the host, if there is one, the client, and two more; then the time.
        let first = word(line, from: 0)
        let second = word(line, from: min(first.upperBound + 1, line.count))
        guard !first.isEmpty else { return .badClient }
        // The client is an address. A host that is an address is followed by another address.
        let hasHost =
            IPAddress(line.extracting(first)) == nil || IPAddress(line.extracting(second)) != nil
        append(line.extracting(hasHost ? second : first), to: &request.client)
        if hasHost {
            guard IPAddress(line.extracting(second)) != nil || isSocket(line.extracting(second)) else {
                return .badClient
            }
            append(line.extracting(first), to: &request.host)
        }
        guard
            let time = find(UInt8(ascii: "]"), in: line, from: hasHost ? second.upperBound : first.upperBound)
        else {
            return .noTime
        }
        guard let requestLine = quoted(line, from: time) else { return .noRequest }
        readRequestLine(line.extracting(requestLine), into: &request)
        if let referer = quoted(line, from: requestLine.upperBound + 1) {
            appendUnlessDash(line.extracting(referer), to: &request.referer)
            if let agent = quoted(line, from: referer.upperBound + 1) {
                appendUnlessDash(line.extracting(agent), to: &request.userAgent)
                readPairs(
                    line.extracting(min(agent.upperBound + 1, line.count)..<line.count),
                    hasHost,
                    into: &request
                )
            }
        }
        return request.host.isEmpty && !request.method.isEmpty ? .noHost : nil
    }

    /// Parses `METHOD target VERSION`. Anything else is not a request and leaves the method empty.
    private static func readRequestLine(_ text: Span<UInt8>, into request: inout LoggedRequest) {
        let method = word(text, from: 0)
        guard method.upperBound < text.count else { return }
        var end = text.count
        var index = text.count - 1
        while index > method.upperBound {
            if text[index] == 0x20 {
                end = index
                break
            }
            index -= 1
        }
        // HTTP/0.9 and other protocols have no version.
        guard end < text.count, end > method.upperBound + 1 else { return }
        unescape(text.extracting(method), into: &request.method)
        unescape(text.extracting((method.upperBound + 1)..<end), into: &request.target)
    }

    /// Parses Berth's ` key=value` pairs after the quotes.
    private static func readPairs(_ text: Span<UInt8>, _ hasHost: Bool, into request: inout LoggedRequest) {
        var at = 0
        while at < text.count {
            let pair = word(text, from: at)
            at = pair.upperBound + 1
            let value = pair.lowerBound + 5
            guard value <= pair.upperBound, text[value - 1] == UInt8(ascii: "=") else { continue }
            let key = text.extracting(pair.lowerBound..<(value - 1))
            if !hasHost, isEqual(key, "host") {
                appendUnlessDash(text.extracting(value..<pair.upperBound), to: &request.host)
            } else if isEqual(key, "rule") {
                request.hasRule = true
                appendUnlessDash(text.extracting(value..<pair.upperBound), to: &request.rule)
            }
        }
    }

    // MARK: Pieces

    /// From `start` to the next space.
    private static func word(_ text: Span<UInt8>, from start: Int) -> Range<Int> {
        var end = start
        while end < text.count, text[end] != 0x20 { end += 1 }
        return start..<end
    }

    private static func find(_ byte: UInt8, in text: Span<UInt8>, from start: Int) -> Int? {
        var at = start
        while at < text.count {
            if text[at] == byte { return at }
            at += 1
        }
        return nil
    }

    /// The text in the next quotes. Quotes inside it are escaped as `\x22` or `\"`.
    private static func quoted(_ text: Span<UInt8>, from start: Int) -> Range<Int>? {
        guard start <= text.count, let open = find(UInt8(ascii: "\""), in: text, from: start) else {
            return nil
        }
        var at = open + 1
        while at < text.count {
            if text[at] == UInt8(ascii: "\"") { return (open + 1)..<at }
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// nginx writes `unix:` for the client of a local socket.
    private static func isSocket(_ text: Span<UInt8>) -> Bool {
        isEqual(text, "unix:")
    }

    private static func isEqual(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            guard word.count == text.count else { return false }
            for index in text.indices where text[index] != word[index] { return false }
            return true
        }
    }

    private static func append(_ text: Span<UInt8>, to out: inout [UInt8]) {
        for index in text.indices { out.append(text[index]) }
    }

    private static func appendUnlessDash(_ text: Span<UInt8>, to out: inout [UInt8]) {
        if text.count == 1, text[0] == UInt8(ascii: "-") { return }
        unescape(text, into: &out)
    }

    /// Decodes `\xHH`, `\"` and `\\`.
    private static func unescape(_ text: Span<UInt8>, into out: inout [UInt8]) {
        var at = 0
        while at < text.count {
            let byte = text[at]
            at += 1
            guard byte == UInt8(ascii: "\\"), at < text.count else {
                out.append(byte)
                continue
            }
            if text[at] == UInt8(ascii: "x"), at + 2 < text.count, let high = Hex.value(text[at + 1]),
                let low = Hex.value(text[at + 2])
            {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(text[at])
                at += 1
            }
        }
    }
}
