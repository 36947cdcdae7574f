import Routing

extension RuleReader {
    private static let actions = ["to", "redirect", "respond"]

    /// Keys that have an effect only on a rule that forwards.
    private static let forwardingKeys = [
        "set_headers", "remove_headers", "rewrite_path", "host_header", "rewrite_location", "error_pages",
        "timeouts",
        "endpoint_networks", "max_body", "upstream_tls",
    ]

    /// The action of a rule whose own could not be read; never used.
    private static let placeholder = RuleAction.respond(status: 500, body: "", contentType: nil)

    /// The action of a rule: `to`, `redirect` or `respond`.
    func action(_ given: [String: YAMLNode], _ pairs: [YAMLNode.Pair], of rule: YAMLNode) -> RuleAction {
        let chosen = pairs.filter { Self.actions.contains($0.key.text ?? "") }
        guard let first = chosen.first else {
            let hint = "add `to` (forward), `redirect`, or `respond` (Berth's own response)"
            reader.report(.missingKey, given["name"] ?? rule, "this rule has no action", hint: hint)
            return Self.placeholder
        }
        let key = first.key.text ?? ""
        for other in chosen.dropFirst() where other.key.text != key {
            let message = "a rule has one action, but this one already has `\(key)` (line \(first.key.line))"
            reader.report(
                .conflictingKeys,
                other.key,
                message,
                hint: "remove one of them, or write two rules"
            )
        }
        for pair in pairs {
            guard let name = pair.key.text else { continue }
            if key != "to", Self.forwardingKeys.contains(name) {
                let message = "`\(name)` has no effect on a rule with `\(key)`"
                reader.report(.conflictingKeys, pair.key, message, hint: "it belongs to a rule with `to`")
            }
            if key != "redirect", name == "status" {
                let hint =
                    key == "respond"
                    ? "write it inside: respond: { status: … }" : "it belongs to a rule with `redirect`"
                reader.report(
                    .conflictingKeys,
                    pair.key,
                    "`status` has no effect on a rule with `\(key)`",
                    hint: hint
                )
            }
        }
        switch key {
        case "to":
            guard let template = reader.text(first.value, "`to`") else { return Self.placeholder }
            return .forward(to: template)
        case "redirect":
            guard let template = reader.text(first.value, "`redirect`") else { return Self.placeholder }
            var status = 302
            if let node = given["status"] {
                guard let value = reader.integer(node, "`status`", in: 0...999) else {
                    return Self.placeholder
                }
                status = value
            }
            return .redirect(to: template, status: status)
        default:
            return respond(first.value)
        }
    }

    private func respond(_ node: YAMLNode) -> RuleAction {
        // `respond: 403` is the short form of `respond: { status: 403 }`.
        if node.integer != nil {
            return reader.integer(node, "`respond`", in: 200...599)
                .map { .respond(status: $0, body: "", contentType: nil) } ?? Self.placeholder
        }
        guard reader.mapping(node, "`respond`", known: ["status", "body", "content_type"]) != nil else {
            return Self.placeholder
        }
        guard let statusNode = node["status"] else {
            reader.report(
                .missingKey,
                node,
                "`respond` has no `status`",
                hint: "write respond: { status: 403 }"
            )
            return Self.placeholder
        }
        let status = reader.integer(statusNode, "`respond.status`", in: 200...599)
        var body: String? = ""
        if let bodyNode = node["body"] { body = reader.text(bodyNode, "`respond.body`") }
        var type: String?
        if let typeNode = node["content_type"] { type = reader.text(typeNode, "`respond.content_type`") }
        guard let status, let body else { return Self.placeholder }
        return .respond(status: status, body: body, contentType: type)
    }

    /// Reads the keys that belong to `to`.
    func readForwarding(_ given: [String: YAMLNode], into rule: inout RuleDefinition) {
        if let node = given["set_headers"] {
            rule.setHeaders = fields(node, "`set_headers`").map(HeaderSetting.init)
        }
        if let node = given["remove_headers"] {
            rule.removeHeaders = reader.texts(node, "`remove_headers`", example: "X-Debug") ?? []
        }
        if let node = given["host_header"], let text = reader.text(node, "`host_header`"), text != "keep" {
            rule.hostHeader = text
        }
        if let node = given["rewrite_path"] { rule.rewritePath = rewrite(node) }
        if let node = given["timeouts"] { rule.timeouts = timeouts(node) }
        if let node = given["endpoint_networks"] {
            rule.endpointNetworks = reader.networks(node, "`endpoint_networks`") ?? []
            if case .sequence(let items) = node.content, items.isEmpty {
                reader.report(
                    .badValue,
                    node,
                    "`endpoint_networks` is empty: no endpoint could be used",
                    hint: "remove the key to allow every address"
                )
            }
        }
        if let node = given["max_body"] { rule.maxBodyBytes = reader.bytesOrUnlimited(node, "`max_body`") }
    }

    private func rewrite(_ node: YAMLNode) -> PathRewrite? {
        guard reader.mapping(node, "`rewrite_path`", known: ["match", "with"]) != nil else { return nil }
        var parts: [String] = []
        for key in ["match", "with"] {
            guard let part = node[key] else {
                let hint = "write rewrite_path: { match: '^/old/(.*)$', with: '/new/$1' }"
                reader.report(.missingKey, node, "`rewrite_path` has no `\(key)`", hint: hint)
                continue
            }
            if let text = reader.text(part, "`rewrite_path.\(key)`") { parts.append(text) }
        }
        return parts.count == 2 ? PathRewrite(match: parts[0], with: parts[1]) : nil
    }

    private func timeouts(_ node: YAMLNode) -> RuleTimeouts {
        var timeouts = RuleTimeouts()
        let known = ["connect", "upstream", "downstream"]
        for pair in reader.mapping(node, "`timeouts`", known: known) ?? [] {
            guard let key = pair.key.text, known.contains(key) else { continue }
            let value = reader.duration(pair.value, "`timeouts.\(key)`")
            switch key {
            case "connect": timeouts.connect = value
            case "upstream": timeouts.upstream = value
            default: timeouts.downstream = value
            }
        }
        return timeouts
    }
}
