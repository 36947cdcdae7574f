import Routing
import RoutingConfig

/// Translates `error_page` and `proxy_intercept_errors` to `error_pages`.
struct ErrorPageTranslator {
    /// Why a file cannot be a page of a rule; nil: it can.
    typealias PageCheck = (_ path: String) -> String?

    let findings: FindingCollector
    let check: PageCheck

    private struct Page {
        /// As a rule writes it.
        let content: String
        let status: Int?
    }

    /// The pages of a rule that forwards.
    func write(_ context: RuleContext, _ rule: inout ImportedRule) {
        let intercepts = context.nearest("proxy_intercept_errors")?.argument(0) == "on"
        var lines: [(key: String, line: ImportedRule.Line)] = []
        for directive in context.all("error_page") {
            do throws(Untranslatable) {
                let page = try page(directive, context)
                for key in try Self.statuses(directive, intercepts: intercepts)
                where !lines.contains(where: { $0.key == key }) {
                    var parts = [page.content]
                    if let status = page.status { parts.append("status: \(status)") }
                    if intercepts { parts.append("intercept: true") }
                    let text = "  \(key): { \(parts.joined(separator: ", ")) }"
                    lines.append((key, ImportedRule.Line(text: text, position: directive.position)))
                }
            } catch {
                findings.untranslated(error)
            }
        }
        guard !lines.isEmpty else { return }
        rule.add("error_pages:", at: nil)
        rule.lines += lines.map(\.line)
    }

    /// Lists a page that nginx sends in place of a response of the rule itself.
    func review(_ status: Int, _ context: RuleContext) {
        guard let directive = Self.directive(for: status, context) else { return }
        findings.untranslated(
            "error_page",
            at: directive.position,
            "nginx sends its page in place of a \(status) of its own; a rule's `respond` has no page"
        )
    }

    private static func directive(for status: Int, _ context: RuleContext) -> Directive? {
        context.all("error_page").first { line in line.arguments.contains { $0.text == String(status) } }
    }

    private static func statuses(
        _ directive: Directive,
        intercepts: Bool
    ) throws(Untranslatable) -> [String] {
        var keys: [String] = []
        for word in directive.arguments.dropLast() where !word.text.hasPrefix("=") {
            guard let status = Int(word.text), (400...599).contains(status) else {
                // Berth itself never responds with 3xx where it forwards.
                if intercepts {
                    throw Untranslatable(
                        "error_page",
                        at: directive.position,
                        "a rule has no page for \(word.text)"
                    )
                }
                continue
            }
            keys.append(word.text)
        }
        return keys
    }

    private func page(_ directive: Directive, _ context: RuleContext) throws(Untranslatable) -> Page {
        func fail(_ why: String) -> Untranslatable {
            Untranslatable("error_page", at: directive.position, why)
        }
        let words = directive.arguments.map(\.text)
        guard let uri = words.last, uri.hasPrefix("/"), !uri.contains("$"), !uri.contains("?") else {
            throw fail("a rule's page is a file, or a path of a target")
        }
        var status: Int?
        if let word = words.dropLast().last(where: { $0.hasPrefix("=") }) {
            // `=` alone: that of the page, and a page is a 200.
            guard let number = word == "=" ? 200 : Int(word.dropFirst()), (200...599).contains(number) else {
                throw fail("`\(word)` is not a status that a rule can give")
            }
            status = number
        }
        guard let location = Self.location(uri, context) else {
            throw fail("no `location = \(uri)` says where the page is")
        }
        let scopes = [context.blocks.first ?? [], context.server.block, location.block]
        if location.block.contains(where: { ["rewrite", "if", "return", "set"].contains($0.name) }) {
            throw fail("its location changes the request")
        }
        if let pass = location.block.last(where: { $0.name == "proxy_pass" }) {
            return Page(content: try Self.target(pass, uri, fail), status: status)
        }
        if let other = location.block.first(where: { KnownDirectives.otherHandlers.contains($0.name) }) {
            throw fail("its location has `\(other.name)`")
        }
        let path = try Self.file(uri, scopes, fail)
        if let why = check(path) { throw fail("`\(path)`: \(why)") }
        return Page(content: "file: \(YAMLText.quoted(path))\(Self.type(of: path))", status: status)
    }

    /// The types of nginx have no charset.
    private static func type(of path: String) -> String {
        if path.hasSuffix(".html") || path.hasSuffix(".htm") { return ", content_type: text/html" }
        return path.hasSuffix(".txt") ? ", content_type: text/plain" : ""
    }

    /// The location whose only request is the page's.
    private static func location(_ uri: String, _ context: RuleContext) -> Location? {
        context.server.locations.first { location in
            if case .exact(uri) = location.kind { true } else { false }
        }
    }

    private static func target(
        _ pass: Directive,
        _ uri: String,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> String {
        let url = ValueText.parse(pass.argument(0) ?? "")
        let target = try ProxyTarget(url, at: pass.position)
        guard target.scheme == .http else { throw fail("its location's `proxy_pass` is `https`") }
        guard let name = target.literalName else { throw fail("its location's `proxy_pass` has variables") }
        var path = uri
        if let given = target.path {
            guard let text = ValueText.literal(given), !text.contains("?") else {
                throw fail("its location's `proxy_pass` has a query")
            }
            path = text
        }
        let port = target.port.map { ":\($0)" } ?? ""
        return "to: \(YAMLText.quoted("\(name)\(port)\(path)".escapedForTemplate))"
    }

    private static func file(
        _ uri: String,
        _ scopes: [[Directive]],
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> String {
        for block in scopes.reversed() {
            if let alias = block.last(where: { $0.name == "alias" })?.argument(0) {
                return try absolute(alias, fail)
            }
            if let root = block.last(where: { $0.name == "root" })?.argument(0) {
                return try absolute(root.hasSuffix("/") ? String(root.dropLast()) : root, fail) + uri
            }
        }
        throw fail("its file is below nginx's own folder")
    }

    private static func absolute(
        _ path: String,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> String {
        guard path.hasPrefix("/"), !path.contains("$") else {
            throw fail("its file is below nginx's own folder")
        }
        return path
    }
}
