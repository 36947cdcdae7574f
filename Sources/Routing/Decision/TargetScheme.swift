import Bytes

/// How requests go on to a target: over TCP as they are, over TLS, or as HTTP/2 without TLS.
public enum TargetScheme: String, Hashable, Sendable, CaseIterable {
    case http
    case https
    /// HTTP/2 that begins with the connection's first byte ("prior knowledge", RFC 9113 §3.3).
    case h2c

    /// The port of a target if neither the rule nor the name source has one.
    public var defaultPort: UInt16 { self == .https ? 443 : 80 }

    /// `https` in any case; nil: not one of these.
    init?(_ text: some Sequence<UInt8>) {
        let lowered = String(decoding: text.map(ASCII.lowercased), as: UTF8.self)
        self.init(rawValue: lowered)
    }

    /// What a text begins with that names a scheme, in any case; nil: it names none of these.
    ///
    /// - Returns: the scheme, and the text after `://`.
    package static func split(_ text: Substring) -> (scheme: TargetScheme, rest: Substring)? {
        guard let mark = text.utf8.firstIndex(of: ASCII.colon), text[mark...].hasPrefix("://"),
            let scheme = TargetScheme(text[..<mark].utf8)
        else { return nil }
        return (scheme, text[mark...].dropFirst(3))
    }
}
