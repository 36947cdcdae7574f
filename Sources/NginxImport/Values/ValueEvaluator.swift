import PatternSyntax
import Routing

/// Evaluates values with variables.
struct ValueEvaluator {
    let variables: VariableTable
    let mapCondition: MapCondition

    // MARK: Binding

    /// Parses a value and replaces the variables whose values are known in `context`.
    func bind(_ text: String, _ context: RuleContext) -> [ValuePart] {
        bind(ValueText.parse(text), context)
    }

    func bind(_ parts: [ValuePart], _ context: RuleContext) -> [ValuePart] {
        var bound: [ValuePart] = []
        for part in parts {
            switch part {
            case .literal, .capture: bound.append(part)
            case .number(let number) where context.numbersLost != nil:
                bound.append(.variable(String(number)))
            case .number(let number):
                let last = context.active.last
                if let last, last.tree.captures.contains(where: { $0.number == number }) {
                    bound.append(.capture(regex: last.id, number: number))
                }
            case .variable(let name):
                if let value = context.assigned[name] {
                    bound += value
                } else if let capture = Self.capture(name, context) {
                    bound.append(capture)
                } else if variables.isEmptyByDefault(name) {
                    // Its expression did not match here, or its `set` was not reached.
                    continue
                } else {
                    bound.append(part)
                }
            }
        }
        return ValueText.joined(bound)
    }

    private static func capture(_ name: String, _ context: RuleContext) -> ValuePart? {
        for regex in context.active.reversed() {
            guard let spelling = regex.spelling(of: name),
                let number = regex.tree.captures.first(where: { $0.name == spelling })?.number
            else { continue }
            return .capture(regex: regex.id, number: number)
        }
        return nil
    }

    // MARK: Numbers

    /// Notes that a value is evaluated whose maps have regular expressions: after it, `$1` is a group of these.
    func noteMaps(in text: String, _ context: inout RuleContext, at position: SourceLocation) {
        guard context.numbersLost == nil, let map = variables.mapWithPatterns(ValueText.parse(text)) else {
            return
        }
        context.numbersLost = Self.lost(map, at: position)
    }

    /// - Throws: if the texts have a `$1` that a map replaces before nginx inserts it.
    func checkNumbers(
        _ texts: [String],
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) {
        let parts = texts.flatMap(ValueText.parse)
        guard parts.contains(where: { if case .number = $0 { true } else { false } }) else { return }
        if let lost = context.numbersLost { throw lost }
        if let map = variables.mapWithPatterns(parts) { throw Self.lost(map, at: position) }
    }

    private static func lost(_ map: String, at position: SourceLocation) -> Untranslatable {
        Untranslatable(
            "$1",
            at: position,
            "in nginx the regular expressions of `$\(map)` replace it: name the group"
        )
    }

    // MARK: Maps

    /// Looks up the maps in the values.
    ///
    /// - Returns: several variants if the values depend on the request, in the order in which rules must test
    ///   their conditions.
    func expand(
        _ values: [[ValuePart]],
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) -> [ValueVariant] {
        var done: [ValueVariant] = []
        var open = [(ValueVariant(condition: context.condition, values: values), 0)]
        while let (variant, depth) = open.popLast() {
            guard let name = firstMap(variant.values), let map = variables.map(name) else {
                done.append(variant)
                guard done.count <= NginxLimits.maxVariants else {
                    throw Untranslatable(
                        "$\(firstMap(values) ?? "map")",
                        at: position,
                        "its maps have too many combinations"
                    )
                }
                continue
            }
            guard depth < NginxLimits.maxValueDepth else {
                throw Untranslatable("$\(name)", at: position, "its maps refer to each other too deeply")
            }
            if let value = variant.condition.chosen[name] {
                open.append((Self.substituting(value, for: name, in: variant), depth + 1))
                continue
            }
            var next: [(ValueVariant, Int)] = []
            for option in try options(of: map, named: name, variant.condition, context) {
                let value = bind(option.values.first ?? [], context)
                var changed = Self.substituting(value, for: name, in: variant)
                changed.condition = option.condition
                changed.condition.chosen[name] = value
                changed.position = option.position ?? variant.position
                next.append((changed, depth + 1))
            }
            open += next.reversed()
        }
        return done
    }

    private static func substituting(
        _ value: [ValuePart],
        for name: String,
        in variant: ValueVariant
    ) -> ValueVariant {
        var changed = variant
        changed.values = variant.values.map { parts in
            ValueText.joined(parts.flatMap { $0 == .variable(name) ? value : [$0] })
        }
        return changed
    }

    private func firstMap(_ values: [[ValuePart]]) -> String? {
        for parts in values {
            for case .variable(let name) in parts where variables.map(name) != nil { return name }
        }
        return nil
    }

    /// The values of a map for requests that meet `condition`, in the order of testing.
    private func options(
        of map: MapTable,
        named name: String,
        _ condition: RuleCondition,
        _ context: RuleContext
    ) throws(Untranslatable) -> [ValueVariant] {
        func fail(_ why: String) -> Untranslatable { Untranslatable("map $\(name)", at: map.position, why) }
        if let include = map.missing {
            throw Untranslatable(
                include.text(),
                at: include.position,
                "it was not found, and `$\(name)` needs it"
            )
        }
        let source = bind(map.source, context)
        if firstMap([source]) != nil {
            return try options(of: map, forMapped: source, condition, context, fail)
        }
        let parts = source.map { part in
            if case .variable(let name) = part, let text = context.constant(name) {
                return ValuePart.literal(text)
            }
            if case .variable("host") = part, let name = condition.host.onlyName { return .literal(name) }
            return part
        }
        if let text = ValueText.literal(ValueText.joined(parts)) {
            guard let value = map.lookUp(text) else {
                throw fail("one of its regular expressions is not valid")
            }
            return [ValueVariant(condition: condition, values: [value], position: nil)]
        }
        guard parts.count == 1 else { throw fail("it depends on several variables at once") }
        var options: [ValueVariant] = []
        // A field that is absent or empty: its entry comes last, after those of fields that are present.
        var absent: MapTable.Entry?
        for entry in map.entries {
            if case .exact("") = entry.key {
                if case .variable(let name) = parts[0], FieldName.isField(name) { absent = entry }
                if case .variable = parts[0] { continue }
            }
            switch try mapCondition.restrict(condition, parts[0], to: entry.key, of: map, fail) {
            case .both(let both):
                options.append(ValueVariant(condition: both, values: [entry.value], position: entry.position))
            case .never: continue
            case .inexpressible: throw fail("a rule cannot combine this condition with its others")
            }
        }
        let fallback = ValueVariant(
            condition: condition,
            values: [map.fallback],
            position: map.fallbackPosition
        )
        guard let absent, case .variable(let variable) = parts[0] else { return options + [fallback] }
        let present = RuleCondition(headers: [(FieldName.of(variable), FieldConditions.notEmpty)])
        switch condition.and(present) {
        case .both(let both):
            options.append(
                ValueVariant(condition: both, values: [map.fallback], position: map.fallbackPosition)
            )
        case .never, .inexpressible: throw fail("a rule cannot combine this condition with its others")
        }
        return options + [
            ValueVariant(condition: condition, values: [absent.value], position: absent.position)
        ]
    }

    /// The values of a map whose source depends on another map.
    private func options(
        of map: MapTable,
        forMapped source: [ValuePart],
        _ condition: RuleCondition,
        _ context: RuleContext,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> [ValueVariant] {
        var nested = context
        nested.condition = condition
        nested.mapDepth += 1
        guard nested.mapDepth < NginxLimits.maxValueDepth else {
            throw fail("maps refer to each other too deeply")
        }
        var options: [ValueVariant] = []
        for variant in try expand([source], nested, at: map.position) {
            guard let text = ValueText.literal(variant.values[0]), let value = map.lookUp(text) else {
                throw fail("it depends on a value that another map takes from the request")
            }
            options.append(
                ValueVariant(condition: variant.condition, values: [value], position: variant.position)
            )
        }
        return options
    }
}
