import PatternLanguages
import PatternSyntax
import Routing

/// What a rule does, without its name, its matchers, and the ways in which the same can be written.
struct RuleEquivalence: Equatable {
    private let definition: RuleDefinition

    init(_ rule: RuleView) {
        var definition = rule.definition
        definition.name = ""
        definition.origin = nil
        definition.host = nil
        definition.path = nil
        definition.methods = []
        definition.headers = []
        definition.clients = []
        definition.allowsBacktracking = false
        let numbers = Self.numbers(rule)
        func plain(_ text: String) -> String { Self.plain(text, numbers) }
        switch definition.action {
        case .forward(let to): definition.action = .forward(to: Self.target(plain(to)))
        case .redirect(let to, let status): definition.action = .redirect(to: plain(to), status: status)
        case .respond(let status, let body, let type):
            let type = body.isEmpty || type == Self.standardType ? nil : type
            definition.action = .respond(status: status, body: body, contentType: type)
        }
        definition.setHeaders = definition.setHeaders.map {
            HeaderSetting(name: $0.name.lowercased(), value: plain($0.value))
        }.sorted { $0.name < $1.name }
        definition.removeHeaders = definition.removeHeaders.map { $0.lowercased() }.sorted()
        definition.hostHeader = definition.hostHeader.flatMap { $0 == "keep" ? nil : plain($0) }
        definition.responseHeaders = definition.responseHeaders.map { edit in
            var edit = edit
            edit.set = edit.set.map { HeaderSetting(name: $0.name.lowercased(), value: plain($0.value)) }
            edit.add = edit.add.map { HeaderSetting(name: $0.name.lowercased(), value: plain($0.value)) }
            edit.remove = edit.remove.map { $0.lowercased() }.sorted()
            return edit
        }
        self.definition = definition
    }

    private static let standardType = "text/plain; charset=utf-8"

    /// The numbers of the host pattern's names, where a name means one group.
    private static func numbers(_ rule: RuleView) -> [String: Int] {
        var numbers: [String: Int] = [:]
        // With two patterns a number would mean neither.
        guard rule.definition.path?.hasPrefix("~") != true, let tree = rule.tree, tree.isKnown else {
            return [:]
        }
        for capture in tree.captures {
            guard let name = capture.name else { continue }
            numbers[name] = numbers[name] == nil ? capture.number : 0
        }
        return numbers.filter { $0.value > 0 }
    }

    /// A template with its references written in one way.
    private static func plain(_ text: String, _ numbers: [String: Int]) -> String {
        guard let parts = try? TemplateParser.parse(text) else { return text }
        return parts.map { part in
            switch part {
            case .literal(let bytes, _): bytes.text.replacing("$", with: "$$")
            case .number(let number, _): "${\(number)}"
            case .name(let name, _): "${\(numbers[name].map(String.init) ?? name)}"
            }
        }.joined()
    }

    /// Without `http://`, and with the default port if it has none.
    private static func target(_ text: String) -> String {
        let (scheme, text) = TargetScheme.split(text[...]) ?? (.http, text[...])
        let start = scheme == .http ? "" : "\(scheme.rawValue)://"
        let name = text.prefix { $0 != "/" }
        let path = text.dropFirst(name.count)
        // A colon in braces is not a port's; one in brackets is an address's.
        let hasPort = name.last != "]" && name.contains(":")
        return start + name.lowercased() + (hasPort ? "" : ":\(scheme.defaultPort)") + path
    }
}
