import PatternLanguages
import PatternSyntax

/// What a value comes to, and for which requests.
struct Variant {
    var condition: RuleCondition
    var values: [[Part]]
    var place: NginxPlace?
}

extension Translator {
    /// The parts of a value, with what is known of its variables.
    func bind(_ parts: [Part], _ context: Context, at place: NginxPlace) throws(Untranslatable) -> [Part] {
        var bound: [Part] = []
        for part in parts {
            switch part {
            case .literal, .capture: bound.append(part)
            case .number(let number):
                let last = context.active.last
                if let last, last.tree.captures.contains(where: { $0.number == number }) {
                    bound.append(.capture(regex: last.id, number: number))
                }
            case .variable(let name):
                if let value = context.sets[name] {
                    bound += value
                } else if let capture = capture(name, context) {
                    bound.append(capture)
                } else if isCaptured(name), maps[name] == nil {
                    // Captured by an expression that did not match here: empty.
                    continue
                } else {
                    bound.append(part)
                }
            }
        }
        return ValueText.joined(bound)
    }

    func bind(_ text: String, _ context: Context, at place: NginxPlace) throws(Untranslatable) -> [Part] {
        try bind(ValueText.parse(text), context, at: place)
    }

    private func capture(_ name: String, _ context: Context) -> Part? {
        for regex in context.active.reversed() {
            guard let spelling = regex.spelling(of: name),
                let number = regex.tree.captures.first(where: { $0.name == spelling })?.number
            else { continue }
            return .capture(regex: regex.id, number: number)
        }
        return nil
    }

    /// What the server's socket and name settle.
    func constant(_ name: String, _ context: Context) -> String? {
        switch name {
        case "scheme": context.listen.usesTLS ? "https" : "http"
        case "server_port": context.listen.port.map(String.init)
        case "server_name": context.server.firstName.lowercased()
        default: nil
        }
    }

    /// The values with their maps looked up: several where it depends on the request, in the order
    /// in which they have to be asked.
    func expand(
        _ values: [[Part]],
        _ context: Context,
        at place: NginxPlace
    ) throws(Untranslatable) -> [Variant] {
        var done: [Variant] = []
        var open = [(Variant(condition: context.condition, values: values), 0)]
        while let (variant, depth) = open.popLast() {
            guard let name = firstMap(variant.values), let map = maps[name] else {
                done.append(variant)
                guard done.count <= NginxLimits.maxVariants else {
                    throw Untranslatable(
                        "$\(name(of: values))",
                        at: place,
                        "its maps turn out in too many ways"
                    )
                }
                continue
            }
            guard depth < NginxLimits.maxValueDepth else {
                throw Untranslatable("$\(name)", at: place, "its maps refer to one another too deep")
            }
            if let value = variant.condition.chosen[name] {
                open.append((substituting(value, for: name, in: variant), depth + 1))
                continue
            }
            var next: [(Variant, Int)] = []
            for option in try options(of: map, named: name, variant.condition, context) {
                let value = try bind(option.values.first ?? [], context, at: option.place ?? map.place)
                var changed = substituting(value, for: name, in: variant)
                changed.condition = option.condition
                changed.condition.chosen[name] = value
                changed.place = option.place ?? variant.place
                next.append((changed, depth + 1))
            }
            open += next.reversed()
        }
        return done
    }

    private func substituting(_ value: [Part], for name: String, in variant: Variant) -> Variant {
        var changed = variant
        changed.values = variant.values.map { parts in
            ValueText.joined(parts.flatMap { $0 == .variable(name) ? value : [$0] })
        }
        return changed
    }

    private func name(of values: [[Part]]) -> String { firstMap(values) ?? "map" }

    private func firstMap(_ values: [[Part]]) -> String? {
        for parts in values {
            for case .variable(let name) in parts where maps[name] != nil { return name }
        }
        return nil
    }

    /// What a map can give to requests that meet `condition`, in the order of asking.
    private func options(
        of map: MapTable,
        named name: String,
        _ condition: RuleCondition,
        _ context: Context
    ) throws(Untranslatable) -> [Variant] {
        func fail(_ why: String) -> Untranslatable { Untranslatable("map $\(name)", at: map.place, why) }
        var source = try bind(map.source, context, at: map.place)
        for case .variable(let inner) in source where maps[inner] != nil {
            var result: [Variant] = []
            var inside = context
            inside.condition = condition
            inside.mapDepth += 1
            guard inside.mapDepth < NginxLimits.maxValueDepth else {
                throw fail("maps refer to one another too deep")
            }
            for variant in try expand([source], inside, at: map.place) {
                guard let text = ValueText.literal(variant.values[0]), let value = map.lookUp(text) else {
                    throw fail("it depends on what another map takes out of the request")
                }
                result.append(Variant(condition: variant.condition, values: [value], place: variant.place))
            }
            return result
        }
        source = source.map { part in
            if case .variable(let name) = part, let text = constant(name, context) { return .literal(text) }
            if case .variable("host") = part, case .names(let names) = condition.host.base, names.count == 1 {
                return .literal(names[0])
            }
            return part
        }
        if let text = ValueText.literal(ValueText.joined(source)) {
            guard let value = map.lookUp(text) else { throw fail("one of its expressions is none") }
            return [Variant(condition: condition, values: [value], place: nil)]
        }
        guard source.count == 1 else { throw fail("it depends on several variables at once") }
        var options: [Variant] = []
        for entry in map.entries {
            switch try restrict(condition, source[0], to: entry.key, map, fail) {
            case .both(let both):
                options.append(Variant(condition: both, values: [entry.value], place: entry.place))
            case .never: continue
            case .inexpressible: throw fail("a rule cannot hold this condition beside its others")
            }
        }
        options.append(Variant(condition: condition, values: [map.fallback], place: map.fallbackPlace))
        return options
    }

    private func restrict(
        _ condition: RuleCondition,
        _ source: Part,
        to key: MapTable.Key,
        _ map: MapTable,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> RuleCondition.Joined {
        switch source {
        case .variable("host"), .variable("http_host"):
            if source == .variable("http_host") {
                findings.note(
                    "$http_host",
                    at: map.place,
                    "nginx compares it with its port, Berth the host alone"
                )
            }
            switch key {
            case .exact(let name):
                return ServerName.isHost(name)
                    ? condition.and(RuleCondition(host: HostCondition(base: .names([name])))) : .never
            case .wildcard(let suffix):
                return condition.and(RuleCondition(host: HostCondition(base: .wildcard(suffix))))
            case .trailing(let prefix):
                return condition.and(RuleCondition(host: HostCondition(base: .trailing(prefix))))
            case .regex(let regex):
                if let why = whyUnusable(regex) {
                    throw Untranslatable("~\(regex.text)", at: regex.place, why)
                }
                return condition.and(RuleCondition(host: HostCondition(patterns: [regex])))
            }
        case .capture(let id, let number):
            guard case .exact(let text) = key,
                let index = condition.host.patterns.firstIndex(where: { $0.id == id }),
                let capture = condition.host.patterns[index].tree.captures.first(where: {
                    $0.number == number
                }),
                let name = capture.name
            else { throw fail("it depends on a group that has no name, or by an expression") }
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
                    place: pattern.place
                )
                return .both(both)
            }
        case .variable("request_method"):
            guard case .exact(let text) = key else { throw fail("methods are compared as a whole only") }
            return condition.and(RuleCondition(methods: [text.uppercased()]))
        case .variable("remote_addr"):
            guard case .exact(let text) = key else { throw fail("addresses are compared as a whole only") }
            return condition.and(RuleCondition(clients: [text]))
        case .variable("uri"), .variable("document_uri"):
            switch key {
            case .exact(let text):
                let regex = makeRegex("^\(RegexText.escaped(text))$", true, map.place)
                return condition.and(RuleCondition(path: .pattern(regex, behind: nil, exactly: false)))
            case .regex(let regex):
                if let why = whyUnusable(regex) {
                    throw Untranslatable("~\(regex.text)", at: regex.place, why)
                }
                return condition.and(RuleCondition(path: .pattern(regex, behind: nil, exactly: false)))
            case .wildcard, .trailing: throw fail("paths have no wildcards")
            }
        case .variable(let name) where name.hasPrefix("http_"):
            let field = FieldName.of(name)
            switch key {
            case .exact(""): throw fail("a rule cannot ask for a field that is not there")
            case .exact(let text):
                return condition.and(RuleCondition(headers: [(field, "~*^\(RegexText.escaped(text))$")]))
            case .regex(let regex):
                let mark = regex.ignoresCase ? "~*" : "~"
                return condition.and(RuleCondition(headers: [(field, mark + regex.text)]))
            case .wildcard, .trailing: throw fail("fields have no wildcards")
            }
        default:
            throw fail("rules cannot ask what it depends on")
        }
    }
}

/// `http_x_beta` is the field `X-Beta`.
enum FieldName {
    static func of(_ variable: String) -> String {
        variable.dropFirst("http_".utf8.count).split(separator: "_", omittingEmptySubsequences: false)
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
    }
}
