/// The parts of a URL that a request carries; nothing is decoded or corrected.
struct RequestURL {
    let authority: [UInt8]
    let target: [UInt8]
    let port: UInt16?

    init(_ url: [UInt8]) {
        var rest = url[...]
        let scheme = Array("http://".utf8)
        if rest.count >= scheme.count,
            zip(rest, scheme).allSatisfy({ $0 == $1 || ($0 | 0x20) == $1 })
        {
            rest = rest.dropFirst(scheme.count)
        }
        let authority = rest.prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        // Browsers never send a fragment (RFC 9110 §4.2.5).
        let path = rest.dropFirst(authority.count).prefix { $0 != UInt8(ascii: "#") }
        self.authority = Array(authority)
        self.target = path.first == UInt8(ascii: "/") ? Array(path) : [UInt8(ascii: "/")] + path
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")) {
            port = UInt16(String(decoding: authority[(colon + 1)...], as: UTF8.self))
        } else {
            port = nil
        }
    }
}
