import Routing

/// Writes values as templates of rules.
struct TemplateWriter {
    /// Which template a value becomes; they have different variables.
    enum Use {
        case target
        case header
        case url
    }

    let findings: FindingCollector

    /// - Parameter own: the id of the expression whose groups `rewrite_path.with` refers to by number.
    func template(
        _ parts: [ValuePart],
        _ use: Use,
        _ naming: GroupNaming,
        _ context: RuleContext,
        at position: SourceLocation,
        own: Int? = nil
    ) throws(Untranslatable) -> String {
        var text = ""
        var index = 0
        while index < parts.count {
            defer { index += 1 }
            switch parts[index] {
            case .literal(let piece): text += piece.escapedForTemplate
            case .number: continue
            case .capture(own, let number): text += "${\(number)}"
            case .capture(let regex, let number):
                guard let reference = naming.reference(regex, number) else {
                    throw Untranslatable(
                        "$\(number)",
                        at: position,
                        "the rule lacks the pattern that captures it"
                    )
                }
                text += reference
            case .variable("is_args"):
                guard use != .target, index + 1 < parts.count,
                    parts[index + 1] == .variable("args") || parts[index + 1] == .variable("query_string")
                else { throw Untranslatable("$is_args", at: position, "it can be used only before $args") }
                text += "${query_part}"
                index += 1
            case .variable(let name):
                text += try variable(name, use, context, at: position)
            }
        }
        return text
    }

    private func variable(
        _ name: String,
        _ use: Use,
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) -> String {
        switch (name, use) {
        case ("host", _): return "${request_host}"
        case ("http_host", _):
            findings.untranslated("$http_host", at: position, "in the rule it is the host without its port")
            return "${request_host}"
        case ("request_method", .target), ("request_method", .header): return "${method}"
        case ("scheme", .header) where !context.listen.usesTLS,
            ("scheme", .url) where !context.listen.usesTLS:
            return "${scheme}"
        case ("request_uri", .header), ("request_uri", .url): return "${uri}"
        case ("uri", _) where context.rewrite != nil, ("document_uri", _) where context.rewrite != nil:
            throw Untranslatable("$\(name)", at: position, "after a `rewrite`, rules do not have it")
        case ("uri", .header), ("uri", .url), ("document_uri", .header), ("document_uri", .url):
            findings.note("$\(name)", at: position, "in the rule it is the path as the client sent it")
            return "${path}"
        case ("args", .header), ("args", .url), ("query_string", .header), ("query_string", .url):
            return "${query}"
        case ("remote_addr", .header), ("realip_remote_addr", .header): return "${client_address}"
        default:
            if let text = context.constant(name) { return text.escapedForTemplate }
            throw Untranslatable("$\(name)", at: position, "rules do not have this variable")
        }
    }
}
