import Routing

/// A `proxy_pass` with its variables looked up, cut into its parts.
struct ProxyTarget {
    /// The name, or the parts that make it.
    var name: [Part] = []
    var port: Int?
    /// What is behind the authority; nil: nothing, and the path goes on as it came.
    var path: [Part]?

    init(_ parts: [Part], at place: NginxPlace) throws(Untranslatable) {
        func fail(_ why: String) -> Untranslatable { Untranslatable("proxy_pass", at: place, why) }
        guard case .literal(let start)? = parts.first else {
            throw fail(parts.isEmpty ? "it is empty" : "its scheme comes of a variable")
        }
        if start.lowercased().hasPrefix("https://") {
            throw fail("Berth does not speak TLS to upstreams yet")
        }
        guard start.lowercased().hasPrefix("http://") else { throw fail("it does not begin with http://") }
        let rest = String(start.dropFirst("http://".utf8.count))
        if rest.hasPrefix("unix:") { throw fail("Berth connects to addresses and ports only") }
        var authority: [Part] = []
        var tail = ValueText.joined([.literal(rest)] + parts.dropFirst())
        while let part = tail.first {
            if case .literal(let text) = part, let slash = text.firstIndex(where: { $0 == "/" || $0 == "?" })
            {
                authority.append(.literal(String(text[..<slash])))
                tail[0] = .literal(String(text[slash...]))
                break
            }
            if case .variable(let name) = part, ["request_uri", "uri", "document_uri"].contains(name) {
                break
            }
            authority.append(part)
            tail.removeFirst()
        }
        path = tail.isEmpty ? nil : tail
        try cutPort(ValueText.joined(authority), fail)
    }

    private mutating func cutPort(
        _ authority: [Part],
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) {
        name = authority
        guard case .literal(let last)? = authority.last else {
            if authority.dropLast().last.map({
                if case .literal(let text) = $0 { text.hasSuffix(":") } else { false }
            }) == true {
                throw fail("its port comes of a variable, and a rule's port is a number")
            }
            return
        }
        if authority.count == 1, last.hasPrefix("["), last.hasSuffix("]") { return }
        guard let colon = last.lastIndex(of: ":") else { return }
        let digits = last[last.index(after: colon)...]
        guard let number = Int(digits), (1...65535).contains(number) else {
            throw fail(
                digits.isEmpty
                    ? "its port comes of a variable, and a rule's port is a number" : "its port is none"
            )
        }
        port = number
        name[name.count - 1] = .literal(String(last[..<colon]))
        name = ValueText.joined(name)
    }

    /// The name where it is spelled out, lower case.
    var literalName: String? { ValueText.literal(name)?.lowercased() }

    /// nginx's `$proxy_host`.
    var authority: [Part] {
        guard let port, port != 80 else { return name }
        return ValueText.joined(name + [.literal(":\(port)")])
    }
}
