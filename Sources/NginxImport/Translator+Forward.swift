import Routing

extension Translator {
    /// Writes the rules of a `proxy_pass`.
    func forward(_ pass: Directive, _ context: Context, name: String) {
        let place = pass.place
        do throws(Untranslatable) {
            let url = pass.argument(0) ?? ""
            let fields = try fieldValues(context)
            var values = [try bind(url, context, at: place)]
            values += fields.map(\.value)
            if let rewrite = context.rewrite { values.append(rewrite.with) }
            let variants = try expand(values, context, at: place)
            for variant in variants {
                var narrowed = context
                narrowed.condition = variant.condition
                if let place = variant.place,
                    variant.condition.host.text(naming: [:]) != context.condition.host.text(naming: [:])
                {
                    narrowed.hostPlace = place
                }
                let at = variant.place ?? place
                let plan = ForwardPlan(
                    url: variant.values[0],
                    fields: zip(fields, variant.values.dropFirst()).map { ($0.0.name, $0.1, $0.0.place) },
                    rewrite: context.rewrite == nil ? nil : variant.values.last,
                    hasVariables: url.contains("$"),
                    place: at
                )
                // In `rewrite_path` a number would be a group of another expression.
                let keepsNumbers = (try? ProxyTarget(plan.url, at: at))?.path == nil && context.rewrite == nil
                emit(
                    narrowed,
                    name: name,
                    at: at,
                    used: Self.captures(variant.values),
                    keepsNumbers: keepsNumbers
                ) {
                    rule,
                    naming throws(Untranslatable) in
                    try self.write(plan, naming, narrowed, &rule)
                }
            }
        } catch {
            emit(context, name: name, at: place) { rule, _ in self.refuse(error, &rule) }
        }
    }

    private struct ForwardPlan {
        let url: [Part]
        let fields: [(name: String, value: [Part], place: NginxPlace)]
        let rewrite: [Part]?
        let hasVariables: Bool
        let place: NginxPlace
    }

    private func write(
        _ plan: ForwardPlan,
        _ naming: Naming,
        _ context: Context,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        let place = plan.place
        let start = plan.url.first.map { if case .literal(let text) = $0 { text } else { "" } } ?? ""
        if plan.hasVariables, !start.lowercased().hasPrefix("http"), ValueText.literal(plan.url) != nil {
            rule.title = "its variables make no URL: nginx answers 500"
            rule.add("respond: 500", at: place)
            return
        }
        let target = try ProxyTarget(plan.url, at: place)
        let nameText = try template(target.name, .target, naming, context, at: place)
        if nameText.isEmpty {
            // nginx: "no host in upstream".
            rule.title = "without its variables the upstream has no name: nginx answers 500"
            rule.add("respond: 500", at: place)
            return
        }
        if plan.hasVariables, let name = target.literalName, groups[name] == nil, !Self.isName(name) {
            rule.title = "without its variables `\(name)` is no name: nginx answers 502"
            rule.add("respond: 502", at: place)
            return
        }
        try checkName(target, context, at: place)
        var lines: [ImportedRule.Line] = []
        let prefix = try path(target, plan, naming, context, &lines)
        var goesTo = nameText + (target.port.map { ":\($0)" } ?? "")
        // A group of one server that is a name: the rule names it.
        if let name = target.literalName, let group = groups[name], group.endpoints.isEmpty,
            let only = group.onlyName
        {
            goesTo = "\(only.host):\(only.port)"
            systemNames[only.host] = systemNames[only.host] ?? only.place
        }
        rule.add("to: \(YAMLText.quoted(goesTo + prefix))", at: place)
        rule.lines += lines
        try writeFields(plan.fields, target, naming, context, at: place, &rule)
        writeSettings(context, &rule)
    }

    /// Notes who has to know the name.
    private func checkName(
        _ target: ProxyTarget,
        _ context: Context,
        at place: NginxPlace
    ) throws(Untranslatable) {
        guard let name = target.literalName else {
            if try nameAddresses(target.name, context, at: place) { return }
            for case .literal(let piece) in target.name
            where !piece.utf8.allSatisfy({
                ValueText.isNameByte($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }) {
                throw Untranslatable("proxy_pass", at: place, "`\(piece)` is no part of a host name")
            }
            if !groups.isEmpty, target.port == nil {
                for group in groups.values { usedGroups[group.name] = group.place }
            }
            if !groups.isEmpty, target.port != nil, usedGroups.isEmpty == false {
                findings.note(
                    "proxy_pass",
                    at: place,
                    "an upstream group whose name a capture gives is taken here, port or not"
                )
            }
            resolvedTargets = resolvedTargets ?? place
            return
        }
        if let group = groups[name] {
            guard !group.endpoints.isEmpty || group.onlyName != nil else {
                throw Untranslatable(
                    "upstream \(name)",
                    at: group.place,
                    "it has no server that Berth could use"
                )
            }
            usedGroups[name] = group.place
            return
        }
        if Self.isAddress(name) { return }
        guard ServerName.isHost(name) else {
            throw Untranslatable("proxy_pass", at: place, "`\(name)` is no host name")
        }
        systemNames[name] = systemNames[name] ?? place
    }

    private static func isAddress(_ name: String) -> Bool {
        IPAddress(name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name) != nil
    }

    private static func isName(_ name: String) -> Bool { isAddress(name) || ServerName.isHost(name) }

    /// What stands behind the name in `to`; a `rewrite_path` goes to `lines`.
    private func path(
        _ target: ProxyTarget,
        _ plan: ForwardPlan,
        _ naming: Naming,
        _ context: Context,
        _ lines: inout [ImportedRule.Line]
    ) throws(Untranslatable) -> String {
        let place = plan.place
        func fail(_ why: String) -> Untranslatable { Untranslatable("proxy_pass", at: place, why) }
        func rewrite(_ match: String, _ with: String, _ at: NginxPlace) throws(Untranslatable) {
            try Self.checkPath(with, at: at)
            let text = "rewrite_path: { match: \(YAMLText.quoted(match)), with: \(YAMLText.quoted(with)) }"
            lines.append(ImportedRule.Line(text: text, place: at))
        }
        if let rewritten = context.rewrite, let parts = plan.rewrite {
            guard target.path == nil else { throw fail("it has a path, and a rewrite gives another") }
            let own = Naming.Own(id: rewritten.regex.id)
            let with = try self.template(parts, .url, naming, context, at: rewritten.place, own: own)
            try rewrite(rewritten.regex.text, with, rewritten.place)
            return ""
        }
        guard let path = target.path else { return "" }
        if !plan.hasVariables {
            guard let new = ValueText.literal(path), new.hasPrefix("/"), !new.contains("?") else {
                throw fail("its path cannot have a query")
            }
            let prefix = try replace(new, context, fail, rewrite, place)
            if !prefix.isEmpty { try Self.checkPath(prefix, at: place) }
            return prefix
        }
        let prefix = try assemble(path, naming, context, fail, rewrite, place)
        if !prefix.isEmpty { try Self.checkPath(prefix, at: place) }
        return prefix
    }

    /// Whether a template can make a path.
    private static func checkPath(_ text: String, at place: NginxPlace) throws(Untranslatable) {
        let segments = text.split(separator: "/")
        guard text.hasPrefix("/") || text.hasPrefix("${"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"#?\\".utf8.contains($0) }),
            !segments.contains("."), !segments.contains("..")
        else { throw Untranslatable("path", at: place, "`\(text)` is not one that a rule can make") }
    }

    /// nginx puts the path of a `proxy_pass` without variables in the place of the location's.
    private func replace(
        _ new: String,
        _ context: Context,
        _ fail: (String) -> Untranslatable,
        _ rewrite: (String, String, NginxPlace) throws(Untranslatable) -> Void,
        _ place: NginxPlace
    ) throws(Untranslatable) -> String {
        switch context.location?.kind {
        case .exact:
            try rewrite("^", new.escapedForTemplate, place)
            return ""
        case .prefix(let old, _):
            if new == old { return "/" }
            if new.hasSuffix(old) { return String(new.dropLast(old.utf8.count - 1)).escapedForTemplate }
            let literal = RegexText.escaped(old)
            if new.hasSuffix("/"), !old.hasSuffix("/") {
                findings.note(
                    "proxy_pass",
                    at: place,
                    "for `\(old)/x` nginx sends `\(new)/x`; here one slash is sent"
                )
                try rewrite("(?s)^\(literal)/?(.*)$", new.escapedForTemplate + "$1", place)
            } else {
                try rewrite("(?s)^\(literal)(.*)$", new.escapedForTemplate + "$1", place)
            }
            return ""
        case .regex, .named, nil:
            throw fail("nginx refuses a path in it where the location is an expression")
        }
    }

    /// With variables the path is what stands there.
    private func assemble(
        _ path: [Part],
        _ naming: Naming,
        _ context: Context,
        _ fail: (String) -> Untranslatable,
        _ rewrite: (String, String, NginxPlace) throws(Untranslatable) -> Void,
        _ place: NginxPlace
    ) throws(Untranslatable) -> String {
        var parts = path
        if parts == [.variable("request_uri")] { return "" }
        var hasQuery = false
        for query: [Part] in [
            [.variable("is_args"), .variable("args")], [.variable("is_args"), .variable("query_string")],
        ] where parts.count >= 2 && Array(parts.suffix(2)) == query {
            parts.removeLast(2)
            hasQuery = true
        }
        if case .variable("args")? = parts.last, parts.count > 1,
            case .literal(let text) = parts[parts.count - 2],
            text.hasSuffix("?")
        {
            parts.removeLast(2)
            parts = ValueText.joined(parts + [.literal(String(text.dropLast()))])
            hasQuery = true
        }
        let whole: [Part] = [.variable("uri"), .variable("document_uri"), .variable("request_uri")]
        if let last = parts.last, whole.contains(last) {
            if last == .variable("request_uri") { hasQuery = true }
            if !hasQuery { findings.note("proxy_pass", at: place, "the query goes on: nginx would drop it") }
            let front = Array(parts.dropLast())
            for part in front {
                if case .literal(let text) = part, !text.contains("?") { continue }
                if case .capture = part { continue }
                throw fail("what stands in front of the path is more than text and captures")
            }
            let prefix = try template(front, .url, naming, context, at: place)
            return prefix.isEmpty ? "/" : prefix
        }
        if !hasQuery { findings.note("proxy_pass", at: place, "the query goes on: nginx would drop it") }
        for case .literal(let text) in parts where text.contains("?") {
            throw fail("its query is made of variables")
        }
        try rewrite("^", try template(parts, .url, naming, context, at: place), place)
        return ""
    }
}
