import Bytes
import PCRE2

extension RuleCompiler {
    /// Nil when there are issues.
    mutating func compileAction() -> Rule.Action? {
        switch definition.action {
        case .forward(let to):
            return compileForward(to)
        case .redirect(let to, let status):
            refuseForwardKeys("redirect")
            return compileRedirect(to, status: status)
        case .respond(let status, let body, let contentType):
            refuseForwardKeys("respond")
            if !(200...599).contains(status) {
                issue("respond.status", "\(status) is not a valid response status", hint: "200 to 599")
            }
            if let contentType, contentType.utf8.contains(where: ASCII.isControl) {
                issue("respond.content_type", "a field value cannot contain control characters")
            }
            return .respond(status: status, contentType: contentType, body: Array(body.utf8))
        }
    }

    /// Keys that only apply to requests that are forwarded.
    private mutating func refuseForwardKeys(_ action: String) {
        let message = "has no effect: a rule with `\(action)` does not forward requests"
        if let field = definition.setHeaders.first {
            issue("set_headers.\(field.name)", message, inName: true)
        }
        if !definition.removeHeaders.isEmpty { issue("remove_headers.0", message) }
        if definition.rewritePath != nil { issue("rewrite_path.match", message) }
        if definition.hostHeader != nil { issue("host_header", message) }
        if !definition.rewriteLocation.isEmpty { issue("rewrite_location", message) }
        if !definition.errorPages.isEmpty { issue("error_pages", message) }
    }

    /// Runs `body`; an error that it throws becomes an issue of `key`.
    ///
    /// - Parameter text: the template.
    mutating func recordingIssue<Value>(
        _ key: String,
        _ text: String? = nil,
        _ body: () throws(TemplateParser.Failure) -> Value
    ) -> Value? {
        do {
            return try body()
        } catch {
            let hint = error.hint ?? text.flatMap(Misspelling.hint(template:))
            issue(key, error.message, at: error.range, hint: hint)
            return nil
        }
    }

    // MARK: Redirect

    private mutating func compileRedirect(_ text: String, status: Int) -> Rule.Action? {
        if ![301, 302, 303, 307, 308].contains(status) {
            issue(
                "status",
                "\(status) is not a redirect status",
                hint: "301, 302 (the default), 303, 307 or 308"
            )
        }
        let scope = self.scope
        guard
            let plan = recordingIssue(
                "redirect",
                text,
                { () throws(TemplateParser.Failure) in
                    try RedirectTemplate.read(text, status: status, scope: scope)
                }
            )
        else { return nil }
        return .redirect(plan)
    }

    // MARK: Forward

    private mutating func compileForward(_ to: String) -> Rule.Action? {
        let scope = self.scope
        let target = recordingIssue("to", to) { () throws(TemplateParser.Failure) in
            try TargetTemplate.read(to, scope: scope)
        }
        let rewrite = compileRewrite()
        let hostHeader = compileHostHeader()
        let fields = compileFields(definition.setHeaders, "set_headers", Self.reserved)
        checkNames(definition.removeHeaders, "remove_headers", Self.reserved)
        guard let target, issues.isEmpty else { return nil }
        let settings = ForwardSettings(
            removeHeaders: definition.removeHeaders.map { $0.utf8.map(ASCII.lowercased) },
            timeouts: definition.timeouts,
            endpointNetworks: definition.endpointNetworks,
            maxBodyBytes: definition.maxBodyBytes,
            tls: target.scheme == .https ? definition.upstreamTLS ?? UpstreamTLS() : nil
        )
        return .forward(
            ForwardPlan(
                target: target,
                rewrite: rewrite,
                hostHeader: hostHeader,
                setHeaders: HeaderPlan(fields),
                settings: settings
            )
        )
    }

    private mutating func compileRewrite() -> RewritePlan? {
        guard let definition = definition.rewritePath else { return nil }
        guard let pattern = pattern(definition.match, after: 0, [], "rewrite_path.match") else { return nil }
        var scope = self.scope
        let groups = CaptureGroups(pattern)
        checkBuiltIns(groups, key: "rewrite_path.match", text: definition.match)
        for name in Set(groups.names.values).sorted() where scope.resolve(name: name) != nil {
            issue(
                "rewrite_path.match",
                "`\(name)` is captured by the rule's host or path too",
                at: Self.position(ofGroup: name, in: definition.match)
            )
        }
        scope.rewrite = groups
        let template = recordingIssue("rewrite_path.with", definition.with) {
            () throws(TemplateParser.Failure) in
            let parts = try TemplateParser.parse(definition.with)
            try URLText.checkPath(parts, mustBeginWithSlash: true)
            return try scope.template(definition.with, .url, without: [.uri, .query, .queryPart])
        }
        guard let template else { return nil }
        return RewritePlan(pattern: pattern, groups: groups, template: template)
    }

    private mutating func compileHostHeader() -> Template? {
        guard let text = definition.hostHeader, text != "keep" else { return nil }
        let scope = self.scope
        return recordingIssue("host_header", text) { () throws(TemplateParser.Failure) in
            let template = try scope.template(
                text,
                .authority,
                without: [.uri, .path, .query, .queryPart, .method, .scheme, .clientAddress]
            )
            if let literal = template.literal {
                do throws(HostError) {
                    _ = try HostName(literal.span)
                } catch {
                    throw TemplateParser.Failure(range: 0..<text.utf8.count, message: error.description)
                }
            }
            return template
        }
    }

    /// Fields that a rule sets; an error in one is an issue of its key below `list`.
    mutating func compileFields(
        _ settings: [HeaderSetting],
        _ list: String,
        _ reserved: Set<String>
    ) -> [(name: [UInt8], value: Template)] {
        let scope = self.scope
        var fields: [(name: [UInt8], value: Template)] = []
        for setting in settings {
            let key = "\(list).\(setting.name)"
            guard isFieldName(setting.name, key), isSettable(setting.name, key, reserved) else { continue }
            let template = recordingIssue(key, setting.value) { () throws(TemplateParser.Failure) in
                if let control = setting.value.utf8.enumerated().first(where: { ASCII.isControl($0.element) })
                {
                    let range = control.offset..<(control.offset + 1)
                    throw TemplateParser.Failure(
                        range: range,
                        message: "a field value cannot contain control characters"
                    )
                }
                return try scope.template(setting.value, .header)
            }
            if let template { fields.append((Array(setting.name.utf8), template)) }
        }
        return fields
    }

    mutating func checkNames(_ names: [String], _ list: String, _ reserved: Set<String>) {
        for (index, name) in names.enumerated() {
            let key = "\(list).\(index)"
            if isFieldName(name, key) { _ = isSettable(name, key, reserved) }
        }
    }

    /// Fields that only the proxy writes: framing, the connection, the hops.
    private mutating func isSettable(_ name: String, _ key: String, _ reserved: Set<String>) -> Bool {
        let lowercase = String(decoding: name.utf8.map(ASCII.lowercased), as: UTF8.self)
        guard reserved.contains(lowercase) else { return true }
        let hint = lowercase == "host" ? "use `host_header`" : nil
        issue(key, "`\(name)` is written by the proxy: a rule cannot change it", inName: true, hint: hint)
        return false
    }

    private static let reserved: Set<String> = [
        "connection", "transfer-encoding", "content-length", "host", "upgrade", "te", "trailer", "keep-alive",
        "proxy-connection", "expect", "http2-settings", "via", "proxy-status",
    ]
}
