import Bytes
import PCRE2
import PatternSyntax

/// Compiles a rule's definition, and collects every error in it.
struct RuleCompiler {
    let index: Int
    let definition: RuleDefinition
    let shelf: RuleInterner
    var issues: [RuleIssue] = []
    var scope = TemplateScope()

    init(index: Int, definition: RuleDefinition, shelf: RuleInterner) {
        self.index = index
        self.definition = definition
        self.shelf = shelf
    }

    /// Nil when there are issues.
    mutating func compile() -> Rule? {
        if definition.name.isEmpty { issue("name", "the name is empty") }
        let host = compileHost()
        let path = compilePath()
        scope.host = host?.groups
        scope.path = path?.groups
        checkNames()
        checkMethods()
        let headers = compileHeaders()
        guard let host, let path else {
            // The captures of an invalid pattern are guessed from its text, so that the action is checked too.
            if host == nil { scope.host = Self.groups(ofInvalid: definition.host) }
            if path == nil { scope.path = Self.groups(ofInvalid: definition.path) }
            _ = compileEffect()
            return nil
        }
        guard let effect = sharedEffect(), issues.isEmpty else { return nil }
        return Rule(
            index: index,
            definition: definition,
            host: host,
            path: path,
            headers: headers,
            effect: effect
        )
    }

    private static func groups(ofInvalid text: String?) -> CaptureGroups? {
        guard let text, text.hasPrefix("~") else { return nil }
        return CaptureGroups(guessedFrom: PatternTree(Array(text.utf8.dropFirst())))
    }

    /// Rules with equal effects share one.
    private mutating func sharedEffect() -> Rule.Effect? {
        guard issues.isEmpty, let key = RuleInterner.EffectKey(definition, scope) else {
            return compileEffect()
        }
        if let known = shelf[key] { return known }
        guard let effect = compileEffect(), issues.isEmpty else { return nil }
        shelf[key] = effect
        return effect
    }

    /// Nil when there are issues.
    private mutating func compileEffect() -> Rule.Effect? {
        let action = compileAction()
        let response = compileResponse()
        return action.map { Rule.Effect(action: $0, response: response) }
    }

    mutating func issue(
        _ key: String,
        _ message: String,
        at range: Range<Int>? = nil,
        inName: Bool = false,
        hint: String? = nil
    ) {
        issues.append(
            RuleIssue(
                ruleIndex: index,
                ruleName: definition.name,
                key: key,
                range: range,
                inName: inName,
                message: message,
                hint: hint
            )
        )
    }

    /// Compiles a pattern that begins after `mark` bytes of the key's text.
    mutating func pattern(_ text: String, after mark: Int, _ options: PatternOptions, _ key: String)
        -> Pattern?
    {
        let text = String(Substring(text.utf8.dropFirst(mark)))
        let options = PatternEnd.isAnchored(text) ? options.union(.anchoredEnd) : options
        do {
            let pattern = try Pattern(text, options: options)
            shelf.makeReady(pattern)
            return pattern
        } catch {
            let offset = error.offset + mark
            issue(key, error.message, at: offset..<offset)
            return nil
        }
    }

    // MARK: Host

    private mutating func compileHost() -> HostMatcher? {
        guard let text = definition.host else { return .any }
        if text.hasPrefix("~") { return compileHostPattern(text) }
        let wildcard = text.hasPrefix("*.")
        let start = wildcard ? 2 : 0
        if let star = Array(text.utf8)[start...].firstIndex(of: UInt8(ascii: "*")) {
            let hint =
                text == "*"
                ? "remove `host` to match every host"
                : Misspelling.hint(host: text) ?? "write a pattern for anything else: `~…`"
            issue(
                "host",
                "`*` is only valid as the whole first label: `*.name`",
                at: star..<(star + 1),
                hint: hint
            )
            return nil
        }
        do {
            let name = try HostName(String(Substring(text.utf8.dropFirst(start))))
            if name.port != nil {
                issue("host", "remove the port: rules match the host without its port")
                return nil
            }
            if wildcard, name.bytes.first == UInt8(ascii: "[") {
                issue("host", "an address has no subdomains")
                return nil
            }
            return wildcard ? .wildcard([UInt8(ascii: ".")] + name.bytes) : .exact(name.bytes)
        } catch {
            var range: Range<Int>?
            if case .badByte(let at) = error { range = (at + start)..<(at + start + 1) }
            issue("host", error.description, at: range, hint: Misspelling.hint(host: text))
            return nil
        }
    }

    private mutating func compileHostPattern(_ text: String) -> HostMatcher? {
        do {
            return .pattern(try shelf.pattern(Array(text.utf8.dropFirst())))
        } catch {
            let hint = text.hasPrefix("~*") ? "host patterns ignore case: write `~` alone" : nil
            let offset = error.offset + 1
            issue("host", error.message, at: offset..<offset, hint: hint)
            return nil
        }
    }

    // MARK: Path

    private mutating func compilePath() -> PathMatcher? {
        guard let text = definition.path else { return .any }
        if text.hasPrefix("~") {
            let caseless = text.hasPrefix("~*")
            guard let pattern = pattern(text, after: caseless ? 2 : 1, caseless ? .caseless : [], "path")
            else {
                return nil
            }
            return .pattern(pattern, CaptureGroups(pattern))
        }
        let exact = text.hasPrefix("=")
        let literal = Array(text.utf8.dropFirst(exact ? 1 : 0))
        guard literal.first == UInt8(ascii: "/") else {
            let hint =
                "`=/x` is the path /x, `/x/` every path with this prefix, `~…` a pattern, `~*…` a pattern that ignores case"
            issue("path", "the path does not begin with `/`", at: 0..<0, hint: hint)
            return nil
        }
        // Rules match normalised paths: a path that normalising changes can never match.
        var normalised: [UInt8] = []
        guard PathNormaliser.normalise(literal.span, into: &normalised) != .malformed, normalised == literal
        else {
            let better = String(decoding: normalised, as: UTF8.self)
            let hint = normalised.first == UInt8(ascii: "/") ? "write `\(exact ? "=" : "")\(better)`" : nil
            issue(
                "path",
                "no path matches this: paths are compared percent-decoded, with dot segments and double slashes removed",
                hint: hint
            )
            return nil
        }
        return exact ? .exact(literal) : .prefix(literal)
    }

    // MARK: Names, methods, headers

    /// A name belongs to one thing: a template variable, or a group of one pattern.
    private mutating func checkNames() {
        checkBuiltIns(scope.host, key: "host", text: definition.host)
        checkBuiltIns(scope.path, key: "path", text: definition.path)
        guard let host = scope.host, let path = scope.path else { return }
        for name in Set(path.names.values).sorted() where !host.numbers(name).isEmpty {
            issue(
                "path",
                "`\(name)` is captured by the host's pattern too",
                at: Self.position(ofGroup: name, in: definition.path)
            )
        }
    }

    mutating func checkBuiltIns(_ groups: CaptureGroups?, key: String, text: String?) {
        guard let groups else { return }
        for name in Set(groups.names.values).sorted() where TemplateVariable(rawValue: name) != nil {
            issue(
                key,
                "`\(name)` is a template variable: a group cannot have that name",
                at: Self.position(ofGroup: name, in: text)
            )
        }
    }

    /// The position of a group's name in a key's text.
    static func position(ofGroup name: String, in text: String?) -> Range<Int>? {
        guard let text else { return nil }
        let mark = text.hasPrefix("~*") ? 2 : text.hasPrefix("~") ? 1 : 0
        let captures = PatternTree(Array(text.utf8.dropFirst(mark))).captures
        guard let range = captures.first(where: { $0.name == name })?.nameRange else { return nil }
        return (range.lowerBound + mark)..<(range.upperBound + mark)
    }

    private mutating func checkMethods() {
        for (index, method) in definition.methods.enumerated() {
            if method.isEmpty || !method.utf8.allSatisfy(ASCII.isToken) {
                issue("methods.\(index)", "`\(method)` is not a valid HTTP method")
            }
        }
    }

    private mutating func compileHeaders() -> [HeaderMatcher] {
        var matchers: [HeaderMatcher] = []
        for header in definition.headers {
            let key = "headers.\(header.name)"
            guard isFieldName(header.name, key) else { continue }
            let condition: HeaderMatcher.Condition
            if header.value.hasPrefix("~") {
                let caseless = header.value.hasPrefix("~*")
                guard
                    let pattern = pattern(
                        header.value,
                        after: caseless ? 2 : 1,
                        caseless ? .caseless : [],
                        key
                    )
                else { continue }
                condition = .pattern(pattern)
            } else {
                condition = header.value == "*" ? .present : .exact(Array(header.value.utf8))
            }
            let lowercase = header.name.utf8.map(ASCII.lowercased)
            matchers.append(HeaderMatcher(name: header.name, lowercaseName: lowercase, condition: condition))
        }
        return matchers
    }

    mutating func isFieldName(_ name: String, _ key: String) -> Bool {
        if !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) { return true }
        issue(
            key,
            name.isEmpty ? "the field has no name" : "`\(name)` is not a valid header field name",
            inName: true
        )
        return false
    }
}
