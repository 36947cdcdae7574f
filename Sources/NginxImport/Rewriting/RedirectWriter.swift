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
        let authority = Self.authority(
            url.map { part in
                guard case .variable(let name) = part, name != "scheme",
                    let text = context.constant(name)
                else { return part }
                return .literal(text)
            }
        )
        if let authority {
            guard !authority.isEmpty else {
                throw Untranslatable("redirect", at: position, "its URL has no host")
            }
            for case .literal(let piece) in authority
            where !piece.utf8.allSatisfy({ ValueText.isNameByte($0) || "-.:[]".utf8.contains($0) }) {
                throw Untranslatable("redirect", at: position, "`\(piece)` cannot be part of a host")
            }
        }
        if let regex = context.condition.path.regex, let authority,
            authority.contains(where: { part in
                if case .capture(regex.id, _) = part { true } else { false }
            })
        {
            throw Untranslatable(
                "redirect",
                at: position,
                "a rule cannot insert a part of the path after the host"
            )
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
        guard RedirectTemplate.isPossible(text) else {
            throw Untranslatable("redirect", at: position, "its URL has no valid host")
        }
        rule.add("redirect: \(YAMLText.quoted(text))", at: position)
        if status != 302 { rule.add("status: \(status)", at: nil) }
    }

    /// The parts after `://` that can belong to the host; nil: the URL has none.
    private static func authority(_ url: [ValuePart]) -> [ValuePart]? {
        var parts: [ValuePart] = []
        var isInside = false
        for part in url {
            switch part {
            case .literal(let text):
                var rest = text[...]
                if !isInside {
                    guard let scheme = rest.firstRange(of: "://") else { return nil }
                    isInside = true
                    rest = rest[scheme.upperBound...]
                }
                let host = rest.prefix { !"/?#".contains($0) }
                if !host.isEmpty { parts.append(.literal(String(host))) }
                if host.endIndex != rest.endIndex { return parts }
            case .variable("request_uri"), .variable("uri"), .variable("document_uri"), .variable("is_args"):
                return isInside ? parts : nil
            case .variable("scheme") where !isInside: continue
            default:
                guard isInside else { return nil }
                parts.append(part)
            }
        }
        return isInside ? parts : nil
    }
}
