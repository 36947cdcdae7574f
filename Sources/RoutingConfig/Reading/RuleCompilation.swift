import PatternSafety
import Routing

extension ConfigurationBuilder {
    /// Compiles the rules and pools; errors are reported at their position in the files.
    ///
    /// - Returns: nil when there are errors.
    func compile(_ findings: DiagnosticCollector) -> RouteTable? {
        let pools = compilePools(findings)
        do throws(RouteTableError) {
            let table = try RouteTable(rules, pools: pools)
            for pattern in table.catastrophicPatterns() { report(pattern, findings) }
            return table
        } catch {
            for issue in error.issues { report(issue, findings) }
            return nil
        }
    }

    private func report(_ issue: RuleIssue, _ findings: DiagnosticCollector) {
        guard locations.indices.contains(issue.ruleIndex) else {
            let file = sources.first?.file ?? ""
            findings.add(Diagnostic(code: .badRule, file: file, message: issue.message, hint: issue.hint))
            return
        }
        let rule = locations[issue.ruleIndex]
        let reader = NodeReader(source: sources[rule.source], findings: findings)
        let found = rule.node.descendant(issue.key)
        let node = issue.inName ? found.key ?? found.value : found.value
        let code = Self.code(of: issue, node)
        if let range = issue.range, node.text != nil {
            reader.report(code, node, at: range, issue.message, hint: issue.hint)
        } else {
            reader.report(code, node, issue.message, hint: issue.hint)
        }
    }

    private func report(_ pattern: CatastrophicPattern, _ findings: DiagnosticCollector) {
        guard locations.indices.contains(pattern.rule) else { return }
        let rule = locations[pattern.rule]
        let node = rule.node.descendant(pattern.key).value
        NodeReader(source: sources[rule.source], findings: findings).report(
            .catastrophicPattern,
            node,
            "this pattern backtracks without end, e.g. on `\(pattern.witness)`",
            hint:
                "let only one repetition match each byte; or write `backtracking: allowed`: then the match limit stops it"
        )
    }

    private static func code(of issue: RuleIssue, _ node: YAMLNode) -> Diagnostic.Code {
        if issue.inName { return .badRule }
        switch issue.key.prefix(while: { $0 != "." }) {
        case "host", "path", "headers":
            return node.text?.hasPrefix("~") == true ? .badPattern : .badRule
        case "rewrite_path":
            return issue.key == "rewrite_path.match" ? .badPattern : .badTemplate
        case "rewrite_location":
            return node.text?.hasPrefix("~") == true && issue.key.hasSuffix(".from")
                ? .badPattern : .badTemplate
        case "response_headers" where issue.key.contains(".remove."):
            return .badRule
        case "to", "redirect", "set_headers", "host_header", "response_headers", "error_pages":
            return .badTemplate
        default:
            return .badRule
        }
    }

    /// A warning about the value at `origin`.
    func warning(at origin: SourceLocation, _ message: String, hint: String? = nil) -> Diagnostic {
        finding(.unreadable, .warning, at: origin, message, hint: hint)
    }

    /// A finding about the value at `origin`.
    func finding(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity,
        at origin: SourceLocation,
        _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        guard let source = sources.first(where: { $0.file == origin.file }) else {
            return Diagnostic(severity: severity, code: code, file: origin.file, message: message, hint: hint)
        }
        let start = source.offset(line: origin.line, column: origin.column)
        return source.diagnostic(code, at: start..<start, message, hint: hint, severity: severity)
    }
}

extension YAMLNode {
    /// The value at a path of keys such as `set_headers.X-A` or `methods.1`, with its
    /// key if it has one; if the path does not exist, the last value on it.
    func descendant(_ path: String) -> (key: YAMLNode?, value: YAMLNode) {
        descendant(path[...], key: nil)
    }

    private func descendant(_ path: Substring, key: YAMLNode?) -> (key: YAMLNode?, value: YAMLNode) {
        switch content {
        case .mapping(let pairs):
            // A field name can contain a dot: the longest key that fits is meant.
            let fitting = pairs.filter { pair in
                guard let name = pair.key.text, path.hasPrefix(name) else { return false }
                return path.count == name.count || path.dropFirst(name.count).first == "."
            }
            guard let pair = fitting.max(by: { ($0.key.text?.count ?? 0) < ($1.key.text?.count ?? 0) }) else {
                // One item may stand in place of a list of one, and a mapping's pairs are counted, too.
                if path.hasPrefix("0.") { return descendant(path.dropFirst(2), key: key) }
                if let index = Int(path), pairs.indices.contains(index) {
                    let pair = pairs[index]
                    return (pair.key, pair.value["to"] ?? pair.value)
                }
                break
            }
            return pair.value.descendant(path.dropFirst((pair.key.text?.count ?? 0) + 1), key: pair.key)
        case .sequence(let items):
            guard let index = Int(path.prefix { $0 != "." }), items.indices.contains(index) else { break }
            return items[index].descendant(path.drop { $0 != "." }.dropFirst(), key: nil)
        case .scalar:
            break
        }
        return (key, self)
    }
}
