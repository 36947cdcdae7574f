import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Where a rule forwards to: names without a source, and names that any client can choose.
struct TargetChecks {
    let context: LintContext
    let rule: RuleView

    func run() {
        guard case .forward(let to) = rule.definition.action, let name = Self.name(of: to) else { return }
        checkUnknown(name)
        checkUnbounded(name)
    }

    /// The parts of a `to` up to its port or its path.
    static func name(of to: String) -> [TemplateParser.Part]? {
        guard var parts = try? TemplateParser.parse(to) else { return nil }
        if case .literal(let bytes, let at)? = parts.first {
            if let (_, rest) = TargetScheme.split(bytes.text[...]) {
                let mark = bytes.count - rest.utf8.count
                parts[0] = .literal(Array(bytes.dropFirst(mark)), at: at + mark)
            }
        }
        var name: [TemplateParser.Part] = []
        for part in parts {
            guard case .literal(let bytes, let at) = part else {
                name.append(part)
                continue
            }
            // An address in brackets is not a name at all.
            if bytes.first == UInt8(ascii: "[") { return nil }
            let end = bytes.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") } ?? bytes.count
            if end > 0 { name.append(.literal(Array(bytes[..<end]), at: at)) }
            if end < bytes.count { break }
        }
        return name.isEmpty ? nil : name
    }

    // MARK: Unknown

    /// The names that the configuration lists, those that are split included, if there are no others.
    private var listedNames: Set<String>? {
        guard var names = context.staticNames else { return nil }
        for pool in context.table.pools.pools where pool.split != nil {
            // Every name that a pattern matches may be split.
            if pool.name.hasPrefix("~") { return nil }
            names.insert(pool.name)
        }
        return names
    }

    private func checkUnknown(_ parts: [TemplateParser.Part]) {
        guard let names = listedNames, let pattern = pattern(parts) else { return }
        if parts.count == 1, case .literal(let bytes, _) = parts[0], IPAddress(bytes.text) != nil { return }
        guard let nfa = try? NFA(PatternTree(pattern, ignoresCase: true)) else { return }
        let language = Language(nfa)
        for name in names {
            guard let isKnown = try? language.contains(name.utf8) else { return }
            if isKnown { return checkSpelledOut(parts, names) }
        }
        var example = ""
        if case .found(let host) = rule.sample, let name = try? HostName(host.span),
            let table = try? RouteTable([hostAlone]),
            case .forward(let forward)? = Witness.decision(table, name)?.outcome
        {
            example =
                rule.definition.host == nil
                ? ", e.g. `\(forward.target.name)`"
                : ", e.g. `\(forward.target.name)` for `\(name)`"
        }
        context.report(
            .unknownTarget,
            rule,
            key: "to",
            "no name source has a target of this rule\(example): all of them are static",
            hint: "add the name to `names`, or correct it here"
        )
    }

    /// The rule without its other conditions.
    private var hostAlone: RuleDefinition {
        var definition = rule.definition
        definition.path = nil
        definition.methods = []
        definition.headers = []
        definition.clients = []
        definition.rewritePath = nil
        return definition
    }

    /// A pattern of all names that the parts can give, and maybe more; nil: anything.
    private func pattern(_ parts: [TemplateParser.Part]) -> String? {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let bytes, _):
                for byte in bytes {
                    guard byte < 0x80 else { return nil }
                    text += ByteSet.word.contains(byte) ? "" : "\\"
                    text.unicodeScalars.append(UnicodeScalar(byte))
                }
            default:
                let groups = self.groups(part)
                guard !groups.isEmpty else { return nil }
                // A group that takes no part gives nothing.
                text += "(?:" + groups.map { "(?:\($0))" }.joined(separator: "|") + ")?"
            }
        }
        return text
    }

    /// The insides of the groups of the host's pattern that a part of a template means.
    private func groups(_ part: TemplateParser.Part) -> [String] {
        guard let tree = rule.tree, rule.definition.path?.hasPrefix("~") != true, tree.isKnown else {
            return []
        }
        return HostChecks.captures(tree.root).filter { capture, _ in
            switch part {
            case .literal: false
            case .number(let number, _): capture.number == number
            case .name(let name, _): capture.name == name
            }
        }.map { tree.text(of: $0.inside) }
    }

    /// Names that the host's pattern lists, and that no source has.
    private func checkSpelledOut(_ parts: [TemplateParser.Part], _ names: Set<String>) {
        let chosen = parts.filter { $0.range != nil }
        guard chosen.count == 1, let part = chosen.first, let tree = rule.tree, let group = group(part),
            let values = FiniteLanguage.lowercasedTexts(group, max: 16, maxBytes: 4)
        else { return }
        for value in values {
            let name = parts.flatMap { piece -> [UInt8] in
                if case .literal(let bytes, _) = piece { bytes } else { value }
            }
            if names.contains(name.text.lowercased()) { continue }
            guard let found = decision(tree, group.range, value), !names.contains(found.target) else {
                continue
            }
            context.report(
                .unknownTarget,
                rule,
                key: "to",
                "no name source has `\(found.target)`, the target of `\(found.host)`: all of them are static",
                hint: "add the name to `names`, or remove it from the pattern"
            )
            return
        }
    }

    // MARK: Unbounded

    /// A last part that takes dots and has no end chooses the domain.
    private func checkUnbounded(_ parts: [TemplateParser.Part]) {
        guard let last = parts.last, let place = last.range else { return }
        let example: String?
        if case .name("request_host", _) = last {
            guard parts.count == 1, let language = rule.language, let host = Self.freeEnd(language) else {
                return
            }
            example = host.text
        } else {
            guard let tree = rule.tree, let group = group(last),
                PatternSize(group)?.hasDot != false,
                let nfa = try? NFA(PatternTree(tree.text(of: group), ignoresCase: true)),
                let value = Self.freeEnd(Language(nfa)), let found = decision(tree, group.range, value)
            else { return }
            example = "\(found.host)` leads to `\(found.target)"
        }
        guard let example else { return }
        context.report(
            .unboundedTarget,
            rule,
            key: "to",
            part: place,
            "the request chooses the whole end of the target's name, dots and all: `\(example)`",
            hint:
                "bound the capture, `(?<name>[a-z0-9-]+)`, or end the name with a domain: `${name}.internal`"
        )
    }

    /// Endings that a pattern may list without leaving the end to the request.
    private static let listedEnds = 12

    /// Names of six labels and more.
    private static let deep = try? NFA(PatternTree("(?:[^.]+\\.){5,}[^.]+"))

    /// A name of many labels whose last one can be nearly any; nil: the name has a bound, or it is not known.
    private static func freeEnd(_ names: Language) -> [UInt8]? {
        guard let deep else { return nil }
        let long = Language(deep)
        guard case .found(let first) = HostSearch(inside: [names, long]).find() else { return nil }
        var known: [Language] = []
        var next = first
        for _ in 0..<listedEnds {
            let end = next.split(separator: UInt8(ascii: ".")).last.map { Array($0) } ?? next
            known.append(Language(.ending([UInt8(ascii: ".")] + end)))
            guard case .found(let other) = HostSearch(inside: [names, long], outside: known).find() else {
                return nil
            }
            next = other
        }
        // One that reads well, if it is among them.
        let plain = Array("a.b.c".utf8)
        return (try? names.contains(plain)) == true ? plain : first
    }

    /// The inside of the one group that a part of a template means.
    private func group(_ part: TemplateParser.Part) -> PatternNode? {
        guard let tree = rule.tree, rule.definition.path?.hasPrefix("~") != true, tree.isKnown else {
            return nil
        }
        let found = HostChecks.captures(tree.root).filter { capture, _ in
            switch part {
            case .literal: false
            case .number(let number, _): capture.number == number
            case .name(let name, _): capture.name == name
            }
        }
        return found.count == 1 ? found[0].inside : nil
    }

    /// A host of the rule in which a part of the pattern takes `value`, and where it leads.
    private func decision(
        _ tree: PatternTree,
        _ range: Range<Int>,
        _ value: [UInt8]
    ) -> (host: String, target: String)? {
        var bytes = tree.text
        let quoted = value.flatMap { ByteSet.word.contains($0) ? [$0] : [UInt8(ascii: "\\"), $0] }
        bytes.replaceSubrange(range, with: quoted)
        guard let nfa = try? NFA(holding: PatternTree(bytes, ignoresCase: true)),
            case .found(let host) = HostSearch(inside: [Language(nfa)]).find(),
            let name = try? HostName(host.span),
            let table = try? RouteTable([hostAlone]),
            case .forward(let forward)? = Witness.decision(table, name)?.outcome
        else { return nil }
        return (name.text, forward.target.name)
    }
}

extension TemplateParser.Part {
    /// The bytes of a reference.
    var range: Range<Int>? {
        switch self {
        case .literal: nil
        case .number(_, let range), .name(_, let range): range
        }
    }
}
