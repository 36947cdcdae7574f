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
                } else if variables.isCaptured(name) {
                    // Its expression did not match here: the variable is empty.
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
        let source = bind(map.source, context)
        if firstMap([source]) != nil {
            return try options(of: map, forMapped: source, condition, context, fail)
        }
        let parts = source.map { part in
            if case .variable(let name) = part, let text = context.constant(name) {
                return ValuePart.literal(text)
            }
            if case .variable("host") = part, case .names(let names) = condition.host.base, names.count == 1 {
                return .literal(names[0])
            }
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
        for entry in map.entries {
            switch try mapCondition.restrict(condition, parts[0], to: entry.key, of: map, fail) {
            case .both(let both):
                options.append(ValueVariant(condition: both, values: [entry.value], position: entry.position))
            case .never: continue
            case .inexpressible: throw fail("a rule cannot combine this condition with its others")
            }
        }
        options.append(
            ValueVariant(condition: condition, values: [map.fallback], position: map.fallbackPosition)
        )
        return options
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
