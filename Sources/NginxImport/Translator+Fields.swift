import Routing

extension Translator {
    /// The fields of `proxy_set_header` that a rule has to name, with their values.
    func fieldValues(_ context: Context) throws(Untranslatable) -> [(
        name: String, value: [Part], place: NginxPlace
    )] {
        var fields: [(name: String, value: [Part], place: NginxPlace)] = []
        for line in context.all("proxy_set_header") {
            guard let name = line.argument(0), let text = line.argument(1) else { continue }
            if Self.isBuiltIn(name, text) { continue }
            if handsOn(name, text) {
                findings.note(
                    "proxy_set_header \(name)",
                    at: line.place,
                    "Berth writes it by itself; another's is believed from `trusted_proxies` alone"
                )
                continue
            }
            if Self.isOwn(name) {
                findings.untranslated(
                    "proxy_set_header \(name)",
                    at: line.place,
                    "this field is Berth's own to write"
                )
                continue
            }
            do throws(Untranslatable) {
                let value = try bind(text, context, at: line.place)
                if name.lowercased() != "host" {
                    // A value that rules do not have is left out, and the rule stays.
                    for case .variable(let variable) in value
                    where !Self.isKnown(variable) && maps[variable] == nil {
                        throw Untranslatable(
                            "$\(variable)",
                            at: line.place,
                            "rules do not have this variable: `\(name)` is not set"
                        )
                    }
                    do throws(Untranslatable) {
                        _ = try expand([value], context, at: line.place)
                    } catch {
                        throw Untranslatable(
                            error.what,
                            at: error.place,
                            "\(error.why): `\(name)` is not set"
                        )
                    }
                }
                fields.append((name, value, line.place))
            } catch {
                findings.untranslated(error.what, at: error.place, error.why)
            }
        }
        return fields
    }

    private static func isKnown(_ name: String) -> Bool {
        [
            "host", "http_host", "request_method", "scheme", "request_uri", "uri", "document_uri", "args",
            "query_string",
            "is_args", "remote_addr", "realip_remote_addr", "server_port", "server_name",
        ].contains(name)
    }

    /// Whether a field of Berth's own is set to what a map hands on of the request's own:
    /// `map $http_x_forwarded_proto $proto { default $http_x_forwarded_proto; '' $scheme; }`.
    private func handsOn(_ name: String, _ value: String) -> Bool {
        let own: Set<String> = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"]
        guard own.contains(name.lowercased()), value.hasPrefix("$"),
            let map = maps[value.dropFirst().lowercased()]
        else { return false }
        let field = Part.variable("http_" + name.lowercased().replacing("-", with: "_"))
        return map.source == [field] && map.fallback == [field]
    }

    /// What Berth does by itself.
    private static func isBuiltIn(_ name: String, _ value: String) -> Bool {
        switch name.lowercased() {
        case "connection", "upgrade", "te": true
        case "x-forwarded-for": ["$proxy_add_x_forwarded_for", "$remote_addr"].contains(value)
        case "x-forwarded-proto": value == "$scheme"
        case "x-forwarded-host": ["$host", "$http_host"].contains(value)
        case "x-forwarded-port": value == "$server_port"
        case "x-request-id": value == "$request_id"
        case "host": value == "$http_host"
        default: value == "$http_" + name.lowercased().split(separator: "-").joined(separator: "_")
        }
    }

    private static func isOwn(_ name: String) -> Bool {
        [
            "transfer-encoding", "content-length", "trailer", "keep-alive", "proxy-connection", "expect",
            "http2-settings", "via", "proxy-status",
        ].contains(name.lowercased())
    }

    /// `host_header`, `set_headers` and `remove_headers`.
    func writeFields(
        _ fields: [(name: String, value: [Part], place: NginxPlace)],
        _ target: ProxyTarget,
        _ naming: Naming,
        _ context: Context,
        at place: NginxPlace,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        let set = context.all("proxy_set_header")
        if let host = fields.last(where: { $0.name.lowercased() == "host" }) {
            try writeHost(host.value, naming, context, at: host.place, &rule)
        } else if !set.contains(where: { $0.argument(0)?.lowercased() == "host" }) {
            try writeHost(target.authority, naming, context, at: place, &rule)
        }
        var removed: [(name: String, place: NginxPlace)] = []
        var lines: [ImportedRule.Line] = []
        for field in fields where field.name.lowercased() != "host" {
            if field.value.isEmpty {
                removed.append((field.name, field.place))
                continue
            }
            let text = try template(field.value, .header, naming, context, at: field.place)
            lines.append(
                ImportedRule.Line(text: "  \(field.name): \(YAMLText.quoted(text))", place: field.place)
            )
        }
        if !lines.isEmpty {
            rule.add("set_headers:", at: nil)
            rule.lines += lines
        }
        if let first = removed.first {
            rule.add("remove_headers: [\(removed.map(\.name).joined(separator: ", "))]", at: first.place)
        }
    }

    private func writeHost(
        _ value: [Part],
        _ naming: Naming,
        _ context: Context,
        at place: NginxPlace,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        if value == [.variable("http_host")] { return }
        if value.isEmpty {
            findings.untranslated(
                "proxy_set_header Host",
                at: place,
                "a request has a Host: it goes on as it came"
            )
            return
        }
        let kept: Set<String> = [
            "host", "http_host", "server_port", "server_name", "proxy_host", "proxy_port",
        ]
        for case .variable(let name) in value where !kept.contains(name) {
            findings.untranslated("proxy_set_header Host", at: place, "$\(name) has no place in a host")
            return
        }
        if value == [.variable("proxy_host")] {
            findings.note("$proxy_host", at: place, "left out: the Host goes on as it came")
            return
        }
        for case .literal(let piece) in value
        where !piece.utf8.allSatisfy({ ValueText.isNameByte($0) || "-.:[]".utf8.contains($0) }) {
            findings.untranslated("Host", at: place, "`\(piece)` is no part of a host: it goes on as it came")
            return
        }
        if let text = ValueText.literal(value), (try? HostName(text)) == nil {
            findings.untranslated("Host", at: place, "`\(text)` is no host: it goes on as it came")
            return
        }
        rule.add(
            "host_header: \(YAMLText.quoted(try template(value, .header, naming, context, at: place)))",
            at: place
        )
    }
}
