import Routing

/// The balancing method of an `upstream` block.
struct UpstreamMethod {
    /// Keys of a pool with their values, as a rule file writes them.
    let keys: [(key: String, value: String)]
    let position: SourceLocation

    /// The directives that choose a method.
    static let names: Set<String> = [
        "least_conn", "ip_hash", "hash", "random", "least_time", "fair", "sticky",
    ]

    /// Nil: Berth does not have the method, which is reported.
    init?(_ line: Directive, findings: FindingCollector) {
        position = line.position
        switch (line.name, line.argument(0)) {
        case ("least_conn", _), ("ip_hash", _):
            keys = [("balance", line.name)]
        case ("random", nil):
            keys = [("balance", "random")]
        case ("random", "two"?) where [nil, "least_conn"].contains(line.argument(1)):
            keys = [("balance", "random two")]
        case ("least_time", let measure?)
        where ["header", "last_byte"].contains(measure) && line.arguments.count == 1:
            keys = [("balance", "least_time \(measure)")]
        case ("hash", let key?):
            guard let template = Self.template(key) else { fallthrough }
            if key.contains("binary_remote_addr") || Self.hasNormalisedPath(key) {
                findings.note(
                    line.text(),
                    at: line.position,
                    "the key of the hash is another text than in nginx: other requests go to a server, in equal shares"
                )
            }
            keys =
                [("balance", "hash"), ("hash_key", template)]
                + (line.argument(1) == "consistent" ? [("consistent", "true")] : [])
        default:
            findings.untranslated(
                line.text(),
                at: line.position,
                "Berth does not have this balancing method: round robin is used"
            )
            return nil
        }
    }

    private static func hasNormalisedPath(_ key: String) -> Bool {
        var found = false
        for name in ["uri", "document_uri"] {
            found = found || key.contains("${\(name)}") || key.hasSuffix("$\(name)")
        }
        return found
    }

    /// The key as a template of a rule file; nil: it has a variable that Berth does not have.
    private static func template(_ key: String) -> String? {
        var out = ""
        var rest = key[...]
        var hasVariable = false
        while let mark = rest.firstIndex(of: "$") {
            out += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            rest = rest[name.endIndex...]
            if isBraced {
                guard rest.first == "}" else { return nil }
                rest = rest.dropFirst()
            }
            guard let variable = variable(name.lowercased()) else { return nil }
            out += "${\(variable)}"
            hasVariable = true
        }
        return hasVariable ? out + rest : nil
    }

    private static func variable(_ name: String) -> String? {
        switch name {
        case "request_uri": return "uri"
        case "uri", "document_uri": return "path"
        case "args", "query_string": return "query"
        case "host": return "request_host"
        case "request_method": return "method"
        case "scheme": return "scheme"
        case "remote_addr", "binary_remote_addr": return "client_address"
        default: break
        }
        if name.hasPrefix("http_"), name.utf8.count > 5 {
            return "header." + name.dropFirst(5).replacing("_", with: "-")
        }
        if name.hasPrefix("cookie_"), name.utf8.count > 7 { return "cookie." + name.dropFirst(7) }
        return nil
    }
}
