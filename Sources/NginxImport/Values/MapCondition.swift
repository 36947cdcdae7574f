import PatternSyntax
import Routing

/// Turns the keys of maps into conditions of rules.
struct MapCondition {
    let findings: FindingCollector
    let fields: FieldConditions
    let regexes: RegexFactory

    /// Requests that meet `condition` and whose `source` matches `key`.
    func restrict(
        _ condition: RuleCondition,
        _ source: ValuePart,
        to key: MapTable.Key,
        of map: MapTable,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> RuleCondition.Joined {
        switch source {
        case .variable("host"): return try host(condition, key)
        case .variable("http_host"):
            findings.untranslated(
                "$http_host",
                at: map.position,
                "nginx compares it with its port, Berth compares the host alone"
            )
            return try host(condition, key)
        case .capture(let id, let number):
            guard case .exact(let text) = key else { throw fail("a capture is compared with text only") }
            return try capture(condition, id, number, equals: text, fail)
        case .variable("request_method"):
            guard case .exact(let text) = key else { throw fail("a rule compares whole methods only") }
            return condition.and(RuleCondition(methods: [text.uppercased()]))
        case .variable("remote_addr"):
            guard case .exact(let text) = key else { throw fail("a rule compares whole addresses only") }
            guard IPAddress(text) != nil else { return .never }
            return condition.and(RuleCondition(clients: [text]))
        case .variable("uri"), .variable("document_uri"): return try path(condition, key, map, fail)
        case .variable(let name) where name.hasPrefix("http_") || name == "content_type":
            return try field(condition, FieldName.of(name), key, fail)
        default:
            throw fail("a rule cannot test what it depends on")
        }
    }

    private func host(
        _ condition: RuleCondition,
        _ key: MapTable.Key
    ) throws(Untranslatable) -> RuleCondition.Joined {
        switch key {
        case .exact(let name):
            return ServerName.isHost(name)
                ? condition.and(RuleCondition(host: HostCondition(base: .names([name])))) : .never
        case .wildcard(let suffix):
            return condition.and(RuleCondition(host: HostCondition(base: .wildcard(suffix))))
        case .trailing(let prefix):
            return condition.and(RuleCondition(host: HostCondition(base: .trailing(prefix))))
        case .regex(let regex):
            try check(regex)
            return condition.and(RuleCondition(host: HostCondition(patterns: [regex])))
        }
    }

    /// Requests for whose host a group captures a text.
    func capture(
        _ condition: RuleCondition,
        _ id: Int,
        _ number: Int,
        equals text: String,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> RuleCondition.Joined {
        guard let index = condition.host.patterns.firstIndex(where: { $0.id == id }),
            let name = condition.host.patterns[index].tree.captures.first(where: { $0.number == number })?
                .name
        else { throw fail("only a named group of the host can be compared") }
        let pattern = condition.host.patterns[index]
        switch CaptureRestriction.narrow(pattern, group: name, to: text) {
        case .never: return .never
        case .unknown: throw fail("a host could match `\(pattern.text)` in several ways")
        case .narrowed(let narrowed):
            var both = condition
            both.host.patterns[index] = NginxRegex(
                id: id,
                text: narrowed,
                ignoresCase: pattern.ignoresCase,
                position: pattern.position
            )
            return .both(both)
        }
    }

    private func path(
        _ condition: RuleCondition,
        _ key: MapTable.Key,
        _ map: MapTable,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> RuleCondition.Joined {
        let regex: NginxRegex
        switch key {
        case .exact(let text):
            regex = regexes.make("^\(RegexText.escaped(text))$", ignoresCase: true, at: map.position)
        case .regex(let expression):
            try check(expression)
            regex = expression
        case .wildcard, .trailing: throw fail("wildcards do not apply to paths")
        }
        return condition.and(RuleCondition(path: .pattern(regex, under: nil, exactly: false)))
    }

    private func field(
        _ condition: RuleCondition,
        _ field: String,
        _ key: MapTable.Key,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> RuleCondition.Joined {
        switch key {
        case .exact(let text):
            return condition.and(RuleCondition(headers: [(field, "~*^\(RegexText.escaped(text))$")]))
        case .regex(let regex):
            try check(regex)
            let test = IfTest(kind: .matches(regex), isNegated: false)
            return condition.and(RuleCondition(headers: [try fields.condition(field, test, fail).header]))
        case .wildcard, .trailing: throw fail("wildcards do not apply to fields")
        }
    }

    private func check(_ regex: NginxRegex) throws(Untranslatable) {
        if let why = regex.whyUnusable { throw Untranslatable("~\(regex.text)", at: regex.position, why) }
    }
}
