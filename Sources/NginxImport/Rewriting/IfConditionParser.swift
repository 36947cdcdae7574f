import Routing

/// Parses the condition of an `if` as a condition of a rule.
struct IfConditionParser {
    let values: ValueEvaluator
    let regexes: RegexFactory

    /// - Parameter what: the directive, for messages.
    /// - Returns: nil if the condition never holds.
    func parse(
        _ directive: Directive,
        _ context: RuleContext,
        _ what: String
    ) throws(Untranslatable) -> IfCondition? {
        let position = directive.position
        func fail(_ why: String) -> Untranslatable { Untranslatable(what, at: position, why) }
        var words = directive.arguments.map(\.text)
        if words.first?.hasPrefix("(") == true { words[0].removeFirst() }
        if words.last?.hasSuffix(")") == true { words[words.count - 1].removeLast() }
        words.removeAll { $0.isEmpty }
        guard words.count == 3 || words.count == 2, words[0].hasPrefix("$") else {
            throw fail("a rule cannot test this")
        }
        let (sign, value) = (words[1], words.count == 3 ? words[2] : "")
        let bound = values.bind(words[0], context)
        let known: String?
        if bound.count == 1, case .variable(let name) = bound[0] {
            known = context.constant(name)
        } else {
            known = ValueText.literal(bound)
        }
        if let known, sign == "=" || sign == "!=" {
            return (known == value) == (sign == "=") ? IfCondition(isAlways: true) : nil
        }
        guard bound.count == 1, case .variable(let variable) = bound[0] else {
            throw fail("a rule cannot test this")
        }
        switch variable {
        case "host", "http_host": return try host(variable, sign, value, at: position, fail)
        case "uri", "document_uri": return try path(variable, sign, value, at: position, fail)
        case "request_method": return try method(sign, value, fail)
        case "remote_addr" where sign == "=":
            return IfCondition(condition: RuleCondition(clients: [value]))
        case let name where name.hasPrefix("http_"):
            return try field(FieldName.of(name), sign, value, at: position, fail)
        default: throw fail("a rule cannot test this")
        }
    }

    private func host(
        _ variable: String,
        _ sign: String,
        _ value: String,
        at position: SourceLocation,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> IfCondition? {
        var test = IfCondition()
        switch sign {
        case "=":
            guard ServerName.isHost(value.lowercased()),
                variable == "http_host" || value == value.lowercased()
            else { return nil }
            test.condition.host = HostCondition(base: .names([value.lowercased()]))
        case "!=":
            let text = "^(?!\(RegexText.escaped(value))$).*$"
            let regex = regexes.make(text, ignoresCase: true, at: position)
            test.condition.host = HostCondition(patterns: [regex])
        case "~", "~*":
            let regex = regexes.make(value, ignoresCase: sign == "~*", at: position)
            if let why = regex.whyUnusable { throw fail(why) }
            test.condition.host = HostCondition(patterns: [regex])
            test.active = [regex]
        case "!~" where variable == "host", "!~*" where variable == "host":
            let regex = regexes.make(value, ignoresCase: sign == "!~*", at: position)
            if let why = regex.whyUnusable ?? regex.whyNotWrapped { throw fail(why) }
            let negated = regexes.make("^(?!\(regex.wholeBody())$).*$", ignoresCase: true, at: position)
            test.condition.host = HostCondition(patterns: [negated])
        default:
            // As any other field.
            guard variable == "http_host" else { throw fail("a rule cannot test this") }
            return try field(FieldName.of(variable), sign, value, at: position, fail)
        }
        return test
    }

    private func path(
        _ variable: String,
        _ sign: String,
        _ value: String,
        at position: SourceLocation,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> IfCondition {
        var test = IfCondition()
        switch sign {
        case "~", "~*":
            let regex = regexes.make(value, ignoresCase: sign == "~*", at: position)
            if let why = regex.whyUnusable { throw fail(why) }
            test.condition.path = .pattern(regex, under: nil, exactly: false)
            test.active = [regex]
        case "=" where variable == "uri": test.condition.path = .exact(value)
        default: throw fail("a rule cannot test this")
        }
        return test
    }

    private func method(
        _ sign: String,
        _ value: String,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> IfCondition {
        switch sign {
        case "=": return IfCondition(condition: RuleCondition(methods: [value]))
        case "~", "~*":
            let inner =
                value.hasPrefix("^(") && value.hasSuffix(")$") ? String(value.dropFirst(2).dropLast(2)) : ""
            let methods = inner.split(separator: "|").map(String.init)
            guard !methods.isEmpty, methods.allSatisfy({ $0.utf8.allSatisfy(ValueText.isNameByte) }) else {
                throw fail("a rule compares whole methods only")
            }
            return IfCondition(condition: RuleCondition(methods: methods.map { $0.uppercased() }))
        default: throw fail("a rule cannot test this")
        }
    }

    private func field(
        _ field: String,
        _ sign: String,
        _ value: String,
        at position: SourceLocation,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> IfCondition {
        var test = IfCondition()
        switch sign {
        case "=" where !value.isEmpty:
            test.condition.headers = [(field, "~^\(RegexText.escaped(value))$")]
        case "~", "~*":
            let regex = regexes.make(value, ignoresCase: sign == "~*", at: position)
            if let why = regex.compileError { throw fail(why) }
            test.condition.headers = [(field, sign + value)]
        default: throw fail("a rule cannot test this")
        }
        return test
    }
}
