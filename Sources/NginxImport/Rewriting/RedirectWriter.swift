import Routing
import RoutingConfig

/// Writes the `redirect` of a rule.
struct RedirectWriter {
    let templates: TemplateWriter

    func write(
        _ url: [ValuePart],
        status: Int,
        _ naming: GroupNaming,
        _ context: RuleContext,
        at position: SourceLocation,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        if let regex = context.condition.path.regex, Self.authority(url).contains(where: { part in
            if case .capture(regex.id, _) = part { true } else { false }
        }) {
            throw Untranslatable("redirect", at: position, "a rule cannot insert a part of the path after the host")
        }
        let text = try templates.template(url, .url, naming, context, at: position)
        let starts = ["/", "http://", "https://", "${scheme}://", "${uri}", "${path}"]
        guard starts.contains(where: { text.hasPrefix($0) }) else {
            throw Untranslatable("redirect", at: position, "its URL starts with neither a scheme nor `/`")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw Untranslatable(
                "redirect",
                at: position,
                "a URL cannot contain these characters: percent-encode them"
            )
        }
        rule.add("redirect: \(YAMLText.quoted(text))", at: position)
        if status != 302 { rule.add("status: \(status)", at: nil) }
    }

    /// The parts after `://` that can belong to the host.
    private static func authority(_ url: [ValuePart]) -> [ValuePart] {
        var parts: [ValuePart] = []
        var isInside = false
        for part in url {
            switch part {
            case .literal(let text):
                var rest = text[...]
                if !isInside {
                    guard let scheme = rest.firstRange(of: "://") else { continue }
                    isInside = true
                    rest = rest[scheme.upperBound...]
                }
                if rest.contains(where: { "/?#".contains($0) }) { return parts }
            case .variable("request_uri"), .variable("uri"), .variable("document_uri"), .variable("is_args"):
                return parts
            default: if isInside { parts.append(part) }
            }
        }
        return parts
    }
}
