extension Translator {
    /// Where a template stands.
    enum Use {
        case target
        case header
        case url
    }

    /// A value as a template of Berth.
    func template(
        _ parts: [Part],
        _ use: Use,
        _ naming: Naming,
        _ context: Context,
        at place: NginxPlace,
        own: Naming.Own? = nil
    ) throws(Untranslatable) -> String {
        var text = ""
        var index = 0
        while index < parts.count {
            defer { index += 1 }
            switch parts[index] {
            case .literal(let piece): text += piece.escapedForTemplate
            case .number: continue
            case .capture(own?.id, let number): text += "${\(number)}"
            case .capture(let regex, let number):
                guard let reference = naming.reference(regex, number) else {
                    throw Untranslatable(
                        "$\(number)",
                        at: place,
                        "the rule does not have the expression that captures it"
                    )
                }
                text += reference
            case .variable("is_args"):
                guard use != .target, index + 1 < parts.count,
                    parts[index + 1] == .variable("args") || parts[index + 1] == .variable("query_string")
                else { throw Untranslatable("$is_args", at: place, "it can be used in front of $args only") }
                text += "${query_part}"
                index += 1
            case .variable(let name):
                text += try builtIn(name, use, context, at: place)
            }
        }
        return text
    }

    private func builtIn(_ name: String, _ use: Use, _ context: Context, at place: NginxPlace)
        throws(Untranslatable) -> String
    {
        switch (name, use) {
        case ("host", _): return "${request_host}"
        case ("http_host", _):
            if use != .target {
                findings.note("$http_host", at: place, "here it is the host without its port")
            }
            return "${request_host}"
        case ("request_method", .target), ("request_method", .header): return "${method}"
        case ("scheme", .header), ("scheme", .url): return "${scheme}"
        case ("request_uri", .header), ("request_uri", .url): return "${uri}"
        case ("uri", .header), ("uri", .url), ("document_uri", .header), ("document_uri", .url):
            findings.note("$\(name)", at: place, "here it is the path as the client wrote it")
            return "${path}"
        case ("args", .header), ("args", .url), ("query_string", .header), ("query_string", .url):
            return "${query}"
        case ("remote_addr", .header), ("realip_remote_addr", .header): return "${client_address}"
        default:
            if let text = constant(name, context) { return text.escapedForTemplate }
            throw Untranslatable("$\(name)", at: place, "rules do not have this variable")
        }
    }

    /// The groups that values use.
    static func captures(_ values: [[Part]]) -> Set<Part> {
        Set(values.joined().filter { if case .capture = $0 { true } else { false } })
    }
}
