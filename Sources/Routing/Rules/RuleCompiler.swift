import Bytes
import PCRE2
import PatternLanguages
import PatternSyntax

/// Makes a rule of its definition, and collects everything that is wrong with it.
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
            // What a broken pattern was to capture is seen from its text: the action is judged all the same.
            if host == nil { scope.host = Self.groups(ofBroken: definition.host) }
            if path == nil { scope.path = Self.groups(ofBroken: definition.path) }
            _ = compileAction()
            return nil
        }
        guard let action = sharedAction(), issues.isEmpty else { return nil }
        return Rule(
            index: index,
            definition: definition,
            host: host,
            path: path,
            headers: headers,
            action: action
        )
    }

    private static func groups(ofBroken text: String?) -> CaptureGroups? {
        guard let text, text.hasPrefix("~") else { return nil }
        return CaptureGroups(guessedFrom: PatternTree(Array(text.utf8.dropFirst())))
    }

    /// Rules that do the same share how it is done.
    private mutating func sharedAction() -> Rule.Action? {
        guard issues.isEmpty, let key = RuleInterner.ActionKey(definition, scope) else {
            return compileAction()
        }
        if let known = shelf[key] { return known }
        guard let action = compileAction(), issues.isEmpty else { return nil }
        shelf[key] = action
        return action
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

    /// Compiles a pattern that begins behind `mark` bytes of the key's text.
    mutating func pattern(_ text: String, behind mark: Int, _ options: PatternOptions, _ key: String)
        -> Pattern?
    {
        let text = String(Substring(text.utf8.dropFirst(mark)))
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
                ? "leave `host` out to match every host" : "for anything else write a pattern: `~…`"
            issue(
                "host",
                "`*` may only stand for whole labels in front: `*.name`",
                at: star..<(star + 1),
                hint: hint
            )
            return nil
        }
        do {
            let name = try HostName(String(Substring(text.utf8.dropFirst(start))))
            if name.port != nil {
                issue("host", "a port has no place here: rules match the host without it")
                return nil
            }
            if wildcard, name.bytes.first == UInt8(ascii: "[") {
                issue("host", "an address has no labels in front")
                return nil
            }
            return wildcard ? .wildcard([UInt8(ascii: ".")] + name.bytes) : .exact(name.bytes)
        } catch {
            var range: Range<Int>?
            if case .badByte(let at) = error { range = (at + start)..<(at + start + 1) }
            issue("host", error.description, at: range)
            return nil
        }
    }

    private mutating func compileHostPattern(_ text: String) -> HostMatcher? {
        do {
            return .pattern(try shelf.pattern(Array(text.utf8.dropFirst())))
        } catch {
            let hint = text.hasPrefix("~*") ? "host patterns match in any case: write `~` alone" : nil
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
            guard let pattern = pattern(text, behind: caseless ? 2 : 1, caseless ? .caseless : [], "path")
            else {
                return nil
            }
            return .pattern(pattern, CaptureGroups(pattern))
        }
        let exact = text.hasPrefix("=")
        let literal = Array(text.utf8.dropFirst(exact ? 1 : 0))
        guard literal.first == UInt8(ascii: "/") else {
            let hint = "`=/x` is the path /x, `/x/` all that begin so, `~…` a pattern, `~*…` one in any case"
            issue("path", "the path does not begin with `/`", at: 0..<0, hint: hint)
            return nil
        }
        // Rules see paths decoded and resolved: what normalising changes can never match.
        var normalised: [UInt8] = []
        guard PathNormaliser.normalise(literal.span, into: &normalised) != .malformed, normalised == literal
        else {
            let better = String(decoding: normalised, as: UTF8.self)
            let hint = normalised.first == UInt8(ascii: "/") ? "write `\(exact ? "=" : "")\(better)`" : nil
            issue(
                "path",
                "no path matches: they are compared decoded, with dots and slashes resolved",
                hint: hint
            )
            return nil
        }
        return exact ? .exact(literal) : .prefix(literal)
    }

    // MARK: Names, methods, headers

    /// A name is one thing: a built-in, or a group of one pattern.
    private mutating func checkNames() {
        checkBuiltIns(scope.host, key: "host", text: definition.host)
        checkBuiltIns(scope.path, key: "path", text: definition.path)
        guard let host = scope.host, let path = scope.path else { return }
        for name in Set(path.names.values).sorted() where !host.numbers(name).isEmpty {
            issue(
                "path",
                "`\(name)` is captured by the host's pattern too",
                at: Self.place(of: name, in: definition.path)
            )
        }
    }

    mutating func checkBuiltIns(_ groups: CaptureGroups?, key: String, text: String?) {
        guard let groups else { return }
        for name in Set(groups.names.values).sorted() where TemplateVariable(rawValue: name) != nil {
            let place = Self.place(of: name, in: text)
            issue(key, "`\(name)` is what the request brings: a group cannot have that name", at: place)
        }
    }

    /// Where a pattern names a group.
    static func place(of name: String, in text: String?) -> Range<Int>? {
        guard let text else { return nil }
        let bytes = Array(text.utf8)
        let name = Array(name.utf8)
        var start = 1
        while start + name.count < bytes.count {
            let opens = bytes[start - 1] == UInt8(ascii: "<") || bytes[start - 1] == UInt8(ascii: "'")
            let closes =
                bytes[start + name.count] == UInt8(ascii: ">")
                || bytes[start + name.count] == UInt8(ascii: "'")
            if opens, closes, bytes[start..<(start + name.count)].elementsEqual(name) {
                return start..<(start + name.count)
            }
            start += 1
        }
        return nil
    }

    private mutating func checkMethods() {
        for (place, method) in definition.methods.enumerated() {
            if method.isEmpty || !method.utf8.allSatisfy(ASCII.isToken) {
                issue("methods.\(place)", "`\(method)` is no method")
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
                        behind: caseless ? 2 : 1,
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
        issue(key, name.isEmpty ? "the field has no name" : "`\(name)` is no field name", inName: true)
        return false
    }
}
