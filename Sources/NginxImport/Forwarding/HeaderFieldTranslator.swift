import Routing
import RoutingConfig

/// Translates `proxy_set_header` to `host_header`, `set_headers` and `remove_headers`.
struct HeaderFieldTranslator {
    let values: ValueEvaluator
    let templates: TemplateWriter
    let findings: FindingCollector

    // MARK: Reading

    /// The fields that a rule has to name.
    func fields(_ context: RuleContext) -> [HeaderField] {
        var fields: [HeaderField] = []
        var seen: Set<String> = []
        for line in context.all("proxy_set_header") {
            guard let name = line.argument(0), let text = line.argument(1) else { continue }
            let what = "proxy_set_header \(name)"
            guard
                seen.insert(name.lowercased()).inserted
                    || ["connection", "upgrade"].contains(name.lowercased())
            else {
                findings.untranslated(what, at: line.position, "a rule sets each field once")
                continue
            }
            if HeaderField.isDefault(name, text, context.listen) {
                noteDifference(name, text, at: line.position)
                continue
            }
            if passesOn(name, text) {
                findings.untranslated(
                    what,
                    at: line.position,
                    "Berth sets this field itself, and passes a received value on only from `trusted_proxies`"
                )
                continue
            }
            if HeaderField.isReserved(name) {
                findings.untranslated(what, at: line.position, "only Berth can set this field")
                continue
            }
            var field = HeaderField(name: name, value: values.bind(text, context), position: line.position)
            do throws(Untranslatable) {
                if !field.isHost { try check(field, context) }
                fields.append(field)
            } catch {
                findings.untranslated(error)
                // The upstream must not take a value of the client for one of the configuration.
                if HeaderField.isOwn(name) { continue }
                field.value = []
                fields.append(field)
            }
        }
        return fields
    }

    private func noteDifference(_ name: String, _ text: String, at position: SourceLocation) {
        switch (name.lowercased(), text) {
        case ("x-forwarded-for", "$proxy_add_x_forwarded_for"):
            findings.note(
                "proxy_set_header \(name)",
                at: position,
                "Berth keeps a received value only from `trusted_proxies`"
            )
        case ("x-request-id", _):
            findings.note(
                "proxy_set_header \(name)",
                at: position,
                "Berth keeps a received value if it is valid"
            )
        default: break
        }
    }

    /// Whether the value is possible. If it is not, the field is left out and the rule stays.
    private func check(_ field: HeaderField, _ context: RuleContext) throws(Untranslatable) {
        for case .variable(let variable) in field.value
        where !Self.variables.contains(variable) && values.variables.map(variable) == nil {
            throw Untranslatable(
                "$\(variable)",
                at: field.position,
                "rules do not have this variable: `\(field.name)` is not set"
            )
        }
        do throws(Untranslatable) {
            _ = try values.expand([field.value], context, at: field.position)
        } catch {
            throw Untranslatable(
                error.what,
                at: error.position,
                "\(error.why): `\(field.name)` is not set"
            )
        }
    }

    /// Variables of requests that rules have.
    private static let variables: Set<String> = [
        "host", "http_host", "request_method", "scheme", "request_uri", "uri", "document_uri", "args",
        "query_string",
        "is_args", "remote_addr", "realip_remote_addr", "server_port", "server_name", "https", "proxy_host",
        "proxy_port",
    ]

    /// Whether a field that Berth sets itself gets a value of the request, itself or by a map:
    /// `map $http_x_forwarded_proto $proto { default $http_x_forwarded_proto; '' $scheme; }`.
    private func passesOn(_ name: String, _ value: String) -> Bool {
        guard HeaderField.isOwn(name), value.hasPrefix("$") else { return false }
        if value == HeaderField.variable(name) { return true }
        guard let map = values.variables.map(value.dropFirst().lowercased()) else { return false }
        let field = ValuePart.variable(String(HeaderField.variable(name).dropFirst()))
        return map.source == [field] && map.fallback == [field]
    }

    // MARK: Writing

    func write(
        _ fields: [HeaderField],
        _ target: ProxyTarget,
        _ naming: GroupNaming,
        _ context: RuleContext,
        at position: SourceLocation,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        let set = context.all("proxy_set_header")
        if let host = fields.last(where: \.isHost) {
            try writeHost(Self.resolved(host.value, target), naming, context, at: host.position, &rule)
        } else if !set.contains(where: { $0.argument(0)?.lowercased() == "host" }) {
            try writeHost(target.authority, naming, context, at: position, &rule)
        }
        let removed = fields.filter { !$0.isHost && $0.value.isEmpty }
        var lines: [ImportedRule.Line] = []
        for field in fields where !field.isHost && !field.value.isEmpty {
            let value = Self.resolved(field.value, target)
            let text = try templates.template(value, .header, naming, context, at: field.position)
            lines.append(
                ImportedRule.Line(text: "  \(field.name): \(YAMLText.quoted(text))", position: field.position)
            )
        }
        if !lines.isEmpty {
            rule.add("set_headers:", at: nil)
            rule.lines += lines
        }
        if let first = removed.first {
            rule.add("remove_headers: [\(removed.map(\.name).joined(separator: ", "))]", at: first.position)
        }
    }

    /// The value with `$proxy_host` and `$proxy_port` of the target.
    static func resolved(_ value: [ValuePart], _ target: ProxyTarget) -> [ValuePart] {
        ValueText.joined(
            value.flatMap { part in
                switch part {
                case .variable("proxy_host"): target.authority
                case .variable("proxy_port"): [ValuePart.literal(String(target.port ?? target.defaultPort))]
                default: [part]
                }
            }
        )
    }

    /// Writes nothing where the client's Host is kept.
    private func writeHost(
        _ value: [ValuePart],
        _ naming: GroupNaming,
        _ context: RuleContext,
        at position: SourceLocation,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        if value == [.variable("http_host")] { return }
        if let cause = Self.whyNotHost(value, at: position) {
            findings.untranslated(cause)
            return
        }
        let host = try templates.template(value, .header, naming, context, at: position)
        rule.add("host_header: \(YAMLText.quoted(host))", at: position)
    }

    private static func whyNotHost(_ value: [ValuePart], at position: SourceLocation) -> Untranslatable? {
        if value.isEmpty {
            let why = "every request has a Host: the client's Host is kept"
            return Untranslatable("proxy_set_header Host", at: position, why)
        }
        let usable: Set<String> = ["host", "http_host", "server_port", "server_name"]
        for case .variable(let name) in value where !usable.contains(name) {
            return Untranslatable("proxy_set_header Host", at: position, "$\(name) cannot be used in a host")
        }
        for case .literal(let piece) in value
        where !piece.utf8.allSatisfy({ ValueText.isNameByte($0) || "-.:[]".utf8.contains($0) }) {
            let why = "`\(piece)` cannot be part of a host: the client's Host is kept"
            return Untranslatable("Host", at: position, why)
        }
        if let text = ValueText.literal(value), (try? HostName(text)) == nil {
            let why = "`\(text)` is not a valid host: the client's Host is kept"
            return Untranslatable("Host", at: position, why)
        }
        return nil
    }
}
