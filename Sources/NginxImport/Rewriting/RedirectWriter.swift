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
}
