import Routing
import RoutingConfig

/// Translates `add_header` and `proxy_hide_header` to `response_headers`.
struct ResponseFieldTranslator {
    let values: ValueEvaluator
    let templates: TemplateWriter
    let findings: FindingCollector

    /// The statuses of responses that `add_header` changes without `always`.
    private static let usualStatuses = "[200, 201, 204, 206, 301-304, 307, 308]"

    /// Fields that only Berth writes.
    private static let reserved: Set<String> = [
        "connection", "transfer-encoding", "content-length", "upgrade", "te", "trailer", "keep-alive",
        "proxy-connection", "http2-settings", "proxy-authenticate", "proxy-status", "date",
    ]

    /// Fields of which nginx sends one: `add_header` replaces it.
    private static let single: Set<String> = ["last-modified", "etag"]

    /// The groups that the values use.
    func captures(_ context: RuleContext) -> Set<ValuePart> {
        ValueText.captures(
            context.all("add_header").map { values.bind($0.argument(1) ?? "", context) }
        )
    }

    /// The fields that a `proxy_pass` hides, with a line of theirs.
    func hidden(_ context: RuleContext) -> ImportedRule.Line? {
        let passed = Set(context.all("proxy_pass_header").compactMap { $0.argument(0)?.lowercased() })
        var names: [String] = []
        var position: SourceLocation?
        for line in context.all("proxy_hide_header") {
            guard let name = line.argument(0), !passed.contains(name.lowercased()) else { continue }
            // nginx and Berth write these themselves, or never pass them on.
            if name.lowercased() == "date" || name.lowercased().hasPrefix("x-accel-") { continue }
            if names.contains(where: { $0.lowercased() == name.lowercased() }) { continue }
            guard !Self.reserved.contains(name.lowercased()), Self.isName(name) else {
                findings.untranslated(line.text(), at: line.position, "only Berth can change this field")
                continue
            }
            names.append(name)
            position = position ?? line.position
        }
        guard !names.isEmpty else { return nil }
        let list = names.map(YAMLText.scalar).joined(separator: ", ")
        return ImportedRule.Line(text: "remove: [\(list)]", position: position)
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { ValueText.isNameByte($0) || "!#$%&'*+-.^`|~".utf8.contains($0) }
    }

    // MARK: Writing

    /// One item of `response_headers`.
    private struct Item {
        let isAlways: Bool
        let key: String
        var fields: [(name: String, line: ImportedRule.Line)] = []

        func takes(_ name: String, _ key: String, _ isAlways: Bool) -> Bool {
            self.key == key && self.isAlways == isAlways
                && !fields.contains { $0.name.lowercased() == name.lowercased() }
        }
    }

    /// - Parameter hidden: what the rule removes from responses of its target.
    func write(
        _ hidden: ImportedRule.Line?,
        _ context: RuleContext,
        _ naming: GroupNaming,
        _ rule: inout ImportedRule
    ) {
        let items = items(context, naming)
        guard hidden != nil || !items.isEmpty else { return }
        rule.add("response_headers:", at: nil)
        if let hidden { rule.add("  - \(hidden.text)", at: hidden.position) }
        for item in items {
            let statuses = item.isAlways ? "errors: true" : "statuses: \(Self.usualStatuses)"
            rule.add("  - \(statuses)", at: nil)
            rule.add("    \(item.key):", at: nil)
            rule.lines += item.fields.map(\.line)
        }
    }

    private func items(_ context: RuleContext, _ naming: GroupNaming) -> [Item] {
        var items: [Item] = []
        for line in context.all("add_header") {
            guard let name = line.argument(0), let text = line.argument(1) else { continue }
            let isAlways = line.argument(2) == "always"
            guard let value = value(text, of: line, context, naming), !value.isEmpty else { continue }
            let key = Self.single.contains(name.lowercased()) ? "set" : "add"
            if items.last?.takes(name, key, isAlways) != true {
                items.append(Item(isAlways: isAlways, key: key))
            }
            let written = "      \(YAMLText.scalar(name)): \(YAMLText.quoted(value))"
            items[items.count - 1].fields.append(
                (name, ImportedRule.Line(text: written, position: line.position))
            )
        }
        return items
    }

    /// The template; nil, with a finding: a rule cannot write the field.
    private func value(
        _ text: String,
        of line: Directive,
        _ context: RuleContext,
        _ naming: GroupNaming
    ) -> String? {
        let name = line.argument(0) ?? ""
        let what = "add_header \(name)"
        guard !Self.reserved.contains(name.lowercased()), Self.isName(name) else {
            findings.untranslated(what, at: line.position, "only Berth can change this field")
            return nil
        }
        do throws(Untranslatable) {
            try values.checkNumbers([text], context, at: line.position)
            let parts = values.bind(text, context)
            for case .variable(let variable) in parts where values.variables.map(variable) != nil {
                throw Untranslatable(what, at: line.position, "a rule cannot use the map `$\(variable)` here")
            }
            return try templates.template(parts, .header, naming, context, at: line.position)
        } catch {
            findings.untranslated(what, at: line.position, "\(error.what): \(error.why)")
            return nil
        }
    }
}
