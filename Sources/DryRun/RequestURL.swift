/// The parts of a URL that a request carries; nothing is decoded or corrected.
struct RequestURL {
    /// How the client reaches the first tier.
    enum Scheme: Equatable {
        /// `http`, `ws`, or none.
        case plain
        /// `https`, `wss`: Berth receives the request from a proxy that terminates TLS.
        case tls
        /// Not a scheme of HTTP.
        case other(String)
    }

    let scheme: Scheme
    let authority: [UInt8]
    let target: [UInt8]
    let port: UInt16

    init(_ url: [UInt8]) {
        let name = Self.schemeName(url)
        switch name {
        case nil, "http"?, "ws"?: scheme = .plain
        case "https"?, "wss"?: scheme = .tls
        case let other?: scheme = .other(other)
        }
        let rest = url.dropFirst(name.map { $0.utf8.count + Self.separator.count } ?? 0)
        let authority = rest.prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        // Browsers never send a fragment (RFC 9110 §4.2.5).
        let path = rest.dropFirst(authority.count).prefix { $0 != UInt8(ascii: "#") }
        self.authority = Array(authority)
        self.target = path.first == UInt8(ascii: "/") ? Array(path) : [UInt8(ascii: "/")] + path
        let standardPort: UInt16 = scheme == .tls ? 443 : 80
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")) {
            port = UInt16(String(decoding: authority[(colon + 1)...], as: UTF8.self)) ?? standardPort
        } else {
            port = standardPort
        }
    }

    private static let separator = Array("://".utf8)

    /// What is before `://`, in small letters; nil where the URL does not begin with a scheme (RFC 3986 §3.1).
    private static func schemeName(_ url: [UInt8]) -> String? {
        let name = url.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard !name.isEmpty, url.dropFirst(name.count).starts(with: separator) else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }
}
