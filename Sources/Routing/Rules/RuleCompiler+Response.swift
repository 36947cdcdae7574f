import Bytes
import PCRE2

extension RuleCompiler {
    /// Compiles what the rule changes in responses; nil: nothing.
    mutating func compileResponse() -> ResponsePlan? {
        var fields: [ResponsePlan.Fields] = []
        for (index, edit) in definition.responseHeaders.enumerated() {
            fields.append(compile(edit, "response_headers.\(index)"))
        }
        var locations: [LocationPlan] = []
        for (index, rewrite) in definition.rewriteLocation.enumerated() {
            if let plan = compile(rewrite, "rewrite_location.\(index)") { locations.append(plan) }
        }
        let scope = self.scope
        let tls = definition.upstreamTLS
        var pages: [ErrorPagePlan] = []
        for (index, page) in definition.errorPages.enumerated() {
            let plan = recordingIssue("error_pages.\(index)") { () throws(TemplateParser.Failure) in
                try ErrorPagePlan(page, scope: scope, tls: tls)
            }
            if let plan { pages.append(plan) }
        }
        if fields.isEmpty, locations.isEmpty, pages.isEmpty { return nil }
        return ResponsePlan(fields: fields, locations: locations, pages: pages)
    }

    private mutating func compile(_ edit: ResponseHeaderEdit, _ key: String) -> ResponsePlan.Fields {
        let set = compileFields(edit.set, "\(key).set", Self.reservedOfResponses)
        let add = compileFields(edit.add, "\(key).add", Self.reservedOfResponses)
        checkNames(edit.remove, "\(key).remove", Self.reservedOfResponses)
        let remove = edit.remove.map { $0.utf8.map(ASCII.lowercased) }
        for (index, name) in edit.remove.enumerated()
        where edit.set.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            issue(
                "\(key).remove.\(index)",
                "`\(name)` is set, too",
                hint: "`set` replaces the response's own fields of the name"
            )
        }
        return ResponsePlan.Fields(
            set: HeaderPlan(set),
            add: HeaderPlan(add),
            remove: remove,
            statuses: edit.statuses,
            changesErrors: edit.changesErrors
        )
    }

    private mutating func compile(_ rewrite: LocationRewrite, _ key: String) -> LocationPlan? {
        guard case .pair(let from, let to) = rewrite else { return .ownAddress }
        guard from.hasPrefix("~") else { return prefix(from, to, key) }
        let caseless = from.hasPrefix("~*")
        guard let pattern = pattern(from, after: caseless ? 2 : 1, caseless ? .caseless : [], "\(key).from")
        else { return nil }
        let groups = CaptureGroups(pattern)
        checkBuiltIns(groups, key: "\(key).from", text: from)
        for name in Set(groups.names.values).sorted() where scope.resolve(name: name) != nil {
            issue(
                "\(key).from",
                "`\(name)` is captured by the rule's host or path too",
                at: Self.position(ofGroup: name, in: from)
            )
        }
        var scope = self.scope
        scope.rewrite = groups
        guard let template = template(to, scope, "\(key).to") else { return nil }
        return .pattern(pattern, groups, template)
    }

    private mutating func prefix(_ from: String, _ to: String, _ key: String) -> LocationPlan? {
        let scope = self.scope
        let start = recordingIssue("\(key).from") { () throws(TemplateParser.Failure) in
            let parts = try TemplateParser.parse(from)
            try URLText.checkVisible(parts)
            guard Self.mayBeginURL(parts) else {
                throw TemplateParser.Failure(
                    range: 0..<from.utf8.count,
                    message: "no URL in a response begins with this",
                    hint: "begin with `http://`, `https://` or `/`; or write a pattern: `~…`"
                )
            }
            return try scope.template(from, .header)
        }
        let template = template(to, scope, "\(key).to")
        guard let start, let template else { return nil }
        return .prefix(start, template)
    }

    private mutating func template(_ text: String, _ scope: TemplateScope, _ key: String) -> LocationTemplate?
    {
        recordingIssue(key) { () throws(TemplateParser.Failure) in
            try RedirectTemplate.location(text, scope: scope)
        }
    }

    /// A scheme, a slash, or a variable.
    private static func mayBeginURL(_ parts: [TemplateParser.Part]) -> Bool {
        guard case .literal(let bytes, _)? = parts.first else { return !parts.isEmpty }
        if bytes.first == ASCII.slash { return true }
        guard let colon = bytes.firstIndex(of: ASCII.colon) else { return false }
        return bytes[..<colon].allSatisfy(ASCII.isLetterOrDigit) && bytes[colon...].starts(with: ":/".utf8)
    }

    /// Fields that only the proxy writes.
    private static let reservedOfResponses: Set<String> = [
        "connection", "transfer-encoding", "content-length", "upgrade", "te", "trailer", "keep-alive",
        "proxy-connection", "http2-settings", "proxy-authenticate", "proxy-status", "date",
    ]
}
