import Bytes

/// The parts of a URL in a response that decide where it leads.
struct LocationURL {
    /// In lower case; empty in `//host/…`.
    let scheme: [UInt8]
    /// Nil: it has user information, or is not valid.
    let host: HostName?
    /// Where path, query or fragment begin.
    let pathStart: Int

    /// Nil: the URL names no authority after a scheme.
    init?(_ url: Span<UInt8>) {
        var position = 0
        while let byte = url.byte(at: position), ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "+") {
            position += 1
        }
        var scheme: [UInt8] = []
        if position > 0 {
            guard url.byte(at: position) == ASCII.colon else { return nil }
            for index in 0..<position { scheme.append(ASCII.lowercased(url[index])) }
            position += 1
        }
        guard url.byte(at: position) == ASCII.slash, url.byte(at: position + 1) == ASCII.slash else {
            return nil
        }
        let start = position + 2
        var end = start
        while let byte = url.byte(at: end), !RedirectAuthority.isEnd(byte) { end += 1 }
        self.scheme = scheme
        host = try? HostName(url.extracting(start..<end))
        pathStart = end
    }

    /// Whether a browser resolves the reference to a path of the same server.
    static func isLocalPath(_ text: Span<UInt8>) -> Bool {
        text.byte(at: 0) == ASCII.slash && !RewritePlan.isNetworkPath(text)
    }

    /// Whether all bytes may be in a URL. (Browsers ignore a tab: `/<tab>/evil.example` is `//evil.example`.)
    static func isVisible(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where text[index] <= ASCII.space || text[index] == 0x7F { return false }
        return true
    }
}
