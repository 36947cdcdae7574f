import Routing

/// Reads one rule of a file: its keys and their types. The compiler checks what they mean.
struct RuleReader {
    let reader: NodeReader
    let pages: PageFiles

    /// The maximum length of a rule's name, bytes: it is in every line of the access log.
    static let maxNameBytes = 64

    static let keys = [
        "name", "host", "path", "methods", "headers", "clients", "client_certificates", "to", "redirect",
        "status", "respond",
        "set_headers", "remove_headers", "rewrite_path", "host_header", "response_headers",
        "rewrite_location",
        "error_pages", "timeouts", "endpoint_networks", "max_body", "upstream_tls", "access_log", "tap",
        "backtracking",
    ]

    /// - Returns: nil when it is not a mapping. A rule with errors is returned as far as it could be
    ///   read, so that its other parts are checked too; the errors keep it from being used.
    func rule(_ node: YAMLNode) -> RuleDefinition? {
        guard let pairs = reader.mapping(node, "a rule", known: Self.keys) else { return nil }
        var given: [String: YAMLNode] = [:]
        for pair in pairs {
            if let key = pair.key.text, given[key] == nil { given[key] = pair.value }
        }
        var rule = RuleDefinition(name: name(given["name"], of: node), action: action(given, pairs, of: node))
        rule.origin = reader.origin(of: node)
        if let host = given["host"] { rule.host = reader.text(host, "`host`") }
        if let path = given["path"] { rule.path = reader.text(path, "`path`") }
        if let methods = given["methods"] { rule.methods = self.methods(methods) }
        if let headers = given["headers"] {
            rule.headers = fields(headers, "`headers`").map(HeaderMatch.init)
        }
        if let clients = given["clients"] { rule.clients = reader.networks(clients, "`clients`") ?? [] }
        if let node = given["client_certificates"] {
            rule.clientCertificates = ClientCertificatesReader(reader: reader).policy(node)
        }
        if let node = given["access_log"] { rule.accessLog = AccessLogReader(reader: reader).policy(node) }
        if let node = given["tap"] { rule.tap = TapReader(reader: reader).policy(node) }
        if let node = given["backtracking"] { rule.allowsBacktracking = allowsBacktracking(node) }
        readForwarding(given, into: &rule)
        let responses = ResponseReader(reader: reader)
        if let node = given["response_headers"] { rule.responseHeaders = responses.headers(node) }
        if let node = given["rewrite_location"] { rule.rewriteLocation = responses.locations(node) }
        if let node = given["error_pages"] {
            rule.errorPages = ErrorPageReader(reader: reader, files: pages).pages(node).map(\.page)
        }
        return rule
    }

    private func name(_ node: YAMLNode?, of rule: YAMLNode) -> String {
        let placeholder = placeholderName(for: rule)
        guard let node else {
            reader.report(
                .missingKey,
                rule,
                "this rule has no `name`",
                hint: "add `name: …`: logs and traces identify rules by name"
            )
            return placeholder
        }
        guard let name = reader.text(node, "`name`") else { return placeholder }
        guard !name.isEmpty, name.utf8.count <= Self.maxNameBytes, name.utf8.allSatisfy(Self.isNameByte)
        else {
            let message = "`\(YAMLNode.shortened(name))` is not a valid rule name"
            let hint = "a name is 1 to \(Self.maxNameBytes) letters, digits, `_`, `-`, `.`, `/` or `:`"
            reader.report(.badValue, node, message, hint: hint)
            return placeholder
        }
        return name
    }

    /// The name with which a rule without a valid name is compiled, so that its other errors are found.
    func placeholderName(for rule: YAMLNode) -> String {
        "\(reader.source.file) \(rule.line):\(rule.column)"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_-./:".utf8.contains(byte)
        }
    }

    private func allowsBacktracking(_ node: YAMLNode) -> Bool {
        if node.text == "allowed" { return true }
        reader.report(
            .badValue,
            node,
            "`backtracking` can only be `allowed`",
            hint: "remove the key to refuse patterns that backtrack without end"
        )
        return false
    }

    private func methods(_ node: YAMLNode) -> [String] {
        let methods = reader.texts(node, "`methods`", example: "GET") ?? []
        if case .sequence(let items) = node.content, items.isEmpty {
            reader.report(
                .badValue,
                node,
                "`methods` is empty: no request could match",
                hint: "remove the key to match every method"
            )
        }
        return methods
    }

    /// - Parameter rule: read already.
    func upstreamTLS(_ node: YAMLNode, of rule: RuleDefinition) -> UpstreamTLSSettings? {
        var targets: [String] = []
        if case .forward(let to) = rule.action { targets.append(to) }
        for case .target(let to) in rule.errorPages.map(\.content) { targets.append(to) }
        if !targets.contains(where: { TargetScheme.split($0[...])?.scheme == .https }) {
            reader.report(
                .conflictingKeys,
                node,
                "`upstream_tls` has no effect: the target is not `https`",
                hint: "write to: 'https://…', or remove the key"
            )
        }
        return UpstreamTLSReader(reader: reader).settings(node)
    }

    func fields(_ node: YAMLNode, _ key: String) -> [(name: String, value: String)] {
        reader.fields(node, key)
    }
}

extension NodeReader {
    /// A mapping of field names to texts, in the file's order.
    func fields(_ node: YAMLNode, _ key: String) -> [(name: String, value: String)] {
        let pairs = mapping(node, key) ?? []
        return pairs.compactMap { pair in
            guard let name = pair.key.text, let value = text(pair.value, "`\(name)` in \(key)") else {
                return nil
            }
            return (name, value)
        }
    }
}
