import Routing

/// The parts of a `proxy_pass` URL whose variables have been looked up.
struct ProxyTarget {
    /// The host name, or the parts that give it.
    var name: [ValuePart] = []
    var port: Int?
    var scheme = TargetScheme.http
    /// Path and query after the authority; nil: there is none, and the request's path is kept.
    var path: [ValuePart]?

    init(_ parts: [ValuePart], at position: SourceLocation) throws(Untranslatable) {
        func fail(_ why: String) -> Untranslatable { Untranslatable("proxy_pass", at: position, why) }
        guard case .literal(let start)? = parts.first else {
            throw fail(parts.isEmpty ? "it is empty" : "its scheme comes from a variable")
        }
        guard let (scheme, after) = TargetScheme.split(start[...]), scheme != .h2c else {
            throw fail("it does not start with http:// or https://")
        }
        self.scheme = scheme
        let rest = String(after)
        if rest.hasPrefix("unix:") { throw fail("Berth connects to IP addresses and ports only") }
        var authority: [ValuePart] = []
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
        try splitPort(ValueText.joined(authority), fail)
    }

    private mutating func splitPort(
        _ authority: [ValuePart],
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) {
        name = authority
        guard case .literal(let last)? = authority.last else {
            if authority.dropLast().last.map({
                if case .literal(let text) = $0 { text.hasSuffix(":") } else { false }
            }) == true {
                throw fail("its port comes from a variable; a rule's port is a number")
            }
            return
        }
        if authority.count == 1, last.hasPrefix("["), last.hasSuffix("]") { return }
        guard let colon = last.lastIndex(of: ":") else { return }
        let digits = last[last.index(after: colon)...]
        guard let number = Int(digits), (1...65535).contains(number) else {
            throw fail(
                digits.isEmpty
                    ? "its port comes from a variable; a rule's port is a number" : "its port is not valid"
            )
        }
        port = number
        name[name.count - 1] = .literal(String(last[..<colon]))
        name = ValueText.joined(name)
    }

    /// The name in lower case, if it is literal.
    var literalName: String? { ValueText.literal(name)?.lowercased() }

    var defaultPort: Int { Int(scheme.defaultPort) }

    /// nginx's `$proxy_host`.
    var authority: [ValuePart] {
        guard let port, port != defaultPort else { return name }
        return ValueText.joined(name + [.literal(":\(port)")])
    }
}
