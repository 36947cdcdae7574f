import PatternLanguages
import PatternSyntax
import Routing

/// Which captures the templates of a rule use.
struct CaptureUse {
    /// A template with the key that it stands under.
    private struct Written {
        let key: String
        let parts: [TemplateParser.Part]
    }

    /// The key of templates whose numbers mean groups of a pattern beside them.
    private static let ownNumbers = "rewrite_location.to"

    private let templates: [Written]
    private let hasHostPattern: Bool

    init(_ rule: RuleView) {
        let definition = rule.definition
        var texts: [(String, String)] = []
        switch definition.action {
        case .forward(let to): texts.append(("to", to))
        case .redirect(let to, _): texts.append(("redirect", to))
        case .respond: break
        }
        texts += definition.setHeaders.map { ("set_headers", $0.value) }
        for edit in definition.responseHeaders {
            texts += (edit.set + edit.add).map { ("response_headers", $0.value) }
        }
        for case .pair(let from, let to) in definition.rewriteLocation {
            let isPattern = from.hasPrefix("~")
            if !isPattern { texts.append(("rewrite_location", from)) }
            texts.append((isPattern ? Self.ownNumbers : "rewrite_location", to))
        }
        for page in definition.errorPages {
            if case .target(let to) = page.content { texts.append(("error_pages", to)) }
        }
        if let host = definition.hostHeader, host != "keep" { texts.append(("host_header", host)) }
        if let rewrite = definition.rewritePath { texts.append(("rewrite_path.with", rewrite.with)) }
        templates = texts.map { key, text in
            Written(key: key, parts: (try? TemplateParser.parse(text)) ?? [])
        }
        hasHostPattern = definition.host?.hasPrefix("~") == true
    }

    func host(of tree: PatternTree) -> Set<Int> {
        numbers(tree) { $0 != "rewrite_path.with" && $0 != Self.ownNumbers }
    }

    func path(of tree: PatternTree) -> Set<Int> {
        numbers(tree) { $0 != "rewrite_path.with" && $0 != Self.ownNumbers && !hasHostPattern }
    }

    func rewrite(of tree: PatternTree) -> Set<Int> {
        numbers(tree) { $0 == "rewrite_path.with" }
    }

    /// Groups that are used by their names anywhere, or by their numbers where those mean this pattern.
    private func numbers(_ tree: PatternTree, _ countsNumbers: (String) -> Bool) -> Set<Int> {
        var used: Set<Int> = []
        for template in templates {
            for part in template.parts {
                switch part {
                case .literal: continue
                case .number(let number, _):
                    if countsNumbers(template.key) { used.insert(number) }
                case .name(let name, _):
                    used.formUnion(tree.captures.filter { $0.name == name }.map(\.number))
                }
            }
        }
        return used
    }

    /// Groups that the pattern itself refers to by number; nil: it counts them in ways that are not followed.
    static func referred(in tree: PatternTree) -> Set<Int>? {
        guard tree.isKnown else { return nil }
        var found: Set<Int>? = []
        tree.root.walk { node in
            switch node.kind {
            case .backreference(.number(let number)), .call(.number(let number)),
                .conditional(.reference(.number(let number)), _, _):
                found?.insert(number)
            case .conditional(.other, _, _), .group(.branchReset, _): found = nil
            default: break
            }
            return found != nil
        }
        return found
    }
}
