import PatternSyntax
import Routing

/// Parses the condition of an `if` into branches.
struct IfConditionParser {
    let values: ValueEvaluator
    let fields: FieldConditions
    let regexes: RegexFactory

    /// - Parameter what: the directive, for messages.
    /// - Throws: if rules cannot test the condition.
    func branches(
        _ directive: Directive,
        _ context: RuleContext,
        _ what: String
    ) throws(Untranslatable) -> [IfBranch] {
        let position = directive.position
        func fail(_ why: String) -> Untranslatable { Untranslatable(what, at: position, why) }
        var words = directive.arguments.map(\.text)
        if words.first?.hasPrefix("(") == true { words[0].removeFirst() }
        if words.last?.hasSuffix(")") == true { words[words.count - 1].removeLast() }
        if words.first?.isEmpty == true { words.removeFirst() }
        if words.count == 4 || words.count == 2, words.last?.isEmpty == true { words.removeLast() }
        guard let first = words.first, first.hasPrefix("$"), ValueText.parse(first).count == 1,
            let test = test(words.dropFirst(), at: position)
        else { throw fail("a rule cannot test this") }
        if case .matches(let regex) = test.kind, let why = regex.compileError { throw fail(why) }

        var branches: [IfBranch] = []
        for variant in try values.expand([values.bind(first, context)], context, at: position) {
            branches += try self.branches(variant.values[0], test, variant.condition, context, fail)
        }
        return branches
    }

    /// Nil: the condition is of another kind.
    private func test(_ words: ArraySlice<String>, at position: SourceLocation) -> IfTest? {
        guard let sign = words.first else { return IfTest(kind: .isSet, isNegated: false) }
        let value = words.dropFirst().first ?? ""
        guard words.count <= 2 else { return nil }
        switch sign {
        case "=", "!=": return IfTest(kind: .equal(value), isNegated: sign == "!=")
        case "~", "~*", "!~", "!~*":
            let regex = regexes.make(value, ignoresCase: sign.hasSuffix("*"), at: position)
            return IfTest(kind: .matches(regex), isNegated: sign.hasPrefix("!"))
        default: return nil
        }
    }

    /// The branches for a value whose maps have been looked up.
    private func branches(
        _ value: [ValuePart],
        _ test: IfTest,
        _ condition: RuleCondition,
        _ context: RuleContext,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> [IfBranch] {
        var groups: [NginxRegex] = []
        var unmatched: [NginxRegex] = []
        if case .matches(let regex) = test.kind {
            if !regex.tree.captures.isEmpty { groups = [regex] }
            unmatched = [regexes.unmatched(at: regex.position)]
        }
        let known = value.map { part in
            if case .variable(let name) = part, let text = context.constant(name) {
                return ValuePart.literal(text)
            }
            // With groups, the pattern has to be one of the rule.
            if part == .variable("host"), groups.isEmpty, let name = condition.host.onlyName {
                return .literal(name)
            }
            return part
        }
        if let text = ValueText.literal(ValueText.joined(known)) {
            guard let holds = test.holds(text) else { throw fail("its regular expression is not valid") }
            let active = holds != test.isNegated ? groups : unmatched
            return [IfBranch(condition: condition, active: active, holds: holds)]
        }
        guard known.count == 1 else { throw fail("a rule cannot test this") }
        let positive: Positive
        switch known[0] {
        case .variable(let name): positive = try self.positive(name, test, condition, fail)
        case .capture(let id, let number):
            guard case .equal(let text) = test.kind else {
                throw fail("a rule compares a capture with text only")
            }
            // The host is in lower case.
            let joined =
                text == text.lowercased()
                ? try values.mapCondition.capture(condition, id, number, equals: text, fail) : .never
            positive = Positive(joined: joined)
        default: throw fail("a rule cannot test this")
        }
        let rest = IfBranch(
            condition: condition,
            active: unmatched,
            holds: test.isNegated != positive.isComplement
        )
        switch positive.joined {
        case .never: return [rest]
        case .inexpressible: throw fail("a rule cannot combine this condition with its others")
        case .both(let both):
            return [IfBranch(condition: both, active: positive.active, holds: !rest.holds), rest]
        }
    }

    /// The requests that meet a condition that a rule can have.
    private struct Positive {
        var joined: RuleCondition.Joined
        var active: [NginxRegex] = []
        /// They are those for which the test, without its `!`, does not hold.
        var isComplement = false
    }

    private func positive(
        _ variable: String,
        _ test: IfTest,
        _ condition: RuleCondition,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> Positive {
        var regex: NginxRegex?
        if case .matches(let found) = test.kind { regex = found }
        switch variable {
        case "host":
            switch test.kind {
            case .isSet: throw fail("a rule cannot test this")
            case .equal(let text):
                // nginx compares in lower case on one side only.
                guard ServerName.isHost(text), text == text.lowercased() else {
                    return Positive(joined: .never)
                }
                return Positive(
                    joined: condition.and(RuleCondition(host: HostCondition(base: .names([text]))))
                )
            case .matches(let regex):
                if let why = regex.whyUnusable { throw fail(why) }
                let host = HostCondition(patterns: [regex])
                return Positive(joined: condition.and(RuleCondition(host: host)), active: [regex])
            }
        case "uri", "document_uri":
            switch test.kind {
            case .isSet: throw fail("a rule cannot test this")
            case .equal(let text):
                return Positive(joined: condition.and(RuleCondition(path: .exact(text))))
            case .matches(let regex):
                if let why = regex.whyUnusable { throw fail(why) }
                let path = PathCondition.pattern(regex, under: nil, exactly: false)
                return Positive(joined: condition.and(RuleCondition(path: path)), active: [regex])
            }
        case "request_method":
            let methods = try methods(test, fail)
            return Positive(
                joined: condition.and(RuleCondition(methods: methods)),
                active: regex.map { [$0] } ?? []
            )
        case "remote_addr":
            guard case .equal(let text) = test.kind else {
                throw fail("a rule compares whole addresses only")
            }
            guard IPAddress(text) != nil else { return Positive(joined: .never) }
            return Positive(joined: condition.and(RuleCondition(clients: [text])))
        case "http_host" where regex?.tree.captures.isEmpty == false:
            guard let regex else { throw fail("a rule cannot test this") }
            if let why = regex.whyUnusable { throw fail(why) }
            fields.findings.untranslated(
                "$http_host",
                at: regex.position,
                "nginx matches it with its port, Berth matches the host alone"
            )
            let host = HostCondition(patterns: [regex])
            return Positive(joined: condition.and(RuleCondition(host: host)), active: [regex])
        case let name where name.hasPrefix("http_") || name == "content_type":
            let (header, isComplement) = try fields.condition(FieldName.of(name), test, fail)
            return Positive(
                joined: condition.and(RuleCondition(headers: [header])),
                active: regex.map { [$0] } ?? [],
                isComplement: isComplement
            )
        default: throw fail("a rule cannot test this")
        }
    }

    private func methods(
        _ test: IfTest,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> [String] {
        switch test.kind {
        case .isSet: throw fail("a rule cannot test this")
        case .equal(let method): return [method]
        case .matches(let regex):
            var text = Substring(regex.text)
            let isAnchored = text.hasPrefix("^") && text.hasSuffix("$")
            if text.hasPrefix("^") { text = text.dropFirst() }
            if text.hasSuffix("$") { text = text.dropLast() }
            if text.hasPrefix("("), text.hasSuffix(")") {
                text = text.dropFirst().dropLast()
                if text.hasPrefix("?:") { text = text.dropFirst(2) }
            }
            let methods = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard
                methods.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ValueText.isNameByte) }),
                methods.count == 1 || isAnchored || regex.text.hasPrefix("(") || !regex.text.contains("^")
            else {
                throw fail("a rule compares whole methods only")
            }
            if !isAnchored {
                fields.findings.note(
                    "$request_method",
                    at: regex.position,
                    "in the rule these are whole methods"
                )
            }
            return regex.ignoresCase ? methods.map { $0.uppercased() } : methods
        }
    }
}
