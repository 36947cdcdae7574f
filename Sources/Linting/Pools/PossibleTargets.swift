import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// The names of targets that the rules of a configuration may lead to, and maybe more.
struct PossibleTargets {
    /// Names that rules spell out, in lower case.
    private(set) var names: Set<String> = []
    /// Of rules whose names come of captures.
    private(set) var languages: [Language] = []
    /// Whether nothing is known of some rule's targets.
    private(set) var areUnbounded = false
    private var texts: Set<String> = []

    init(_ context: LintContext) {
        for rule in context.rules {
            if case .forward(let to) = rule.definition.action { add(to, of: rule) }
            for case .target(let to) in rule.definition.errorPages.map(\.content) { add(to, of: rule) }
            if areUnbounded { return }
        }
        for case .target(let forward) in context.inspected.configuration.errorPages.map(\.content) {
            names.insert(forward.target.name)
        }
        for pool in context.table.pools.pools {
            for (_, name) in pool.others { add(name) }
        }
    }

    /// A target that a pool leads to. A variable of its name may be any text.
    private mutating func add(_ name: TargetName) {
        if let fixed = name.fixed {
            names.insert(fixed)
        } else {
            let text = name.fragments.map { $0.map(Self.escaped) ?? "[a-z0-9._-]*" }.joined()
            add(pattern: text)
        }
    }

    private mutating func add(_ to: String, of rule: RuleView) {
        guard let parts = TargetChecks.name(of: to) else {
            // Addresses in brackets are the only targets without a name.
            areUnbounded = true
            return
        }
        if case .literal(let bytes, _) = parts[0], parts.count == 1 {
            names.insert((try? HostName(bytes.text))?.text ?? bytes.text.lowercased())
            return
        }
        guard let text = Self.pattern(parts, rule) else {
            areUnbounded = true
            return
        }
        add(pattern: text)
    }

    private mutating func add(pattern text: String) {
        guard texts.insert(text).inserted else { return }
        guard languages.count < LintBounds.targetLanguages,
            let nfa = try? NFA(holding: PatternTree(Array(text.utf8), ignoresCase: true))
        else {
            areUnbounded = true
            return
        }
        languages.append(Language(nfa))
    }

    /// A pattern of all names that the parts can give, and maybe more; nil: not known.
    private static func pattern(_ parts: [TemplateParser.Part], _ rule: RuleView) -> String? {
        var text = ""
        for part in parts {
            if case .literal(let bytes, _) = part {
                guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
                text += escaped(bytes)
            } else {
                guard let groups = groups(part, rule) else { return nil }
                // A group that takes no part gives nothing.
                text += "(?:" + groups.map { "(?:\($0))" }.joined(separator: "|") + ")?"
            }
        }
        return text
    }

    /// A pattern of an ASCII text.
    private static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            text += ByteSet.word.contains(byte) ? "" : "\\"
            text.unicodeScalars.append(UnicodeScalar(byte))
        }
        return text
    }

    /// The insides of the groups of the host's pattern that a part means, such as mean the same by themselves.
    private static func groups(_ part: TemplateParser.Part, _ rule: RuleView) -> [String]? {
        guard let tree = rule.tree, tree.isKnown, rule.definition.path?.hasPrefix("~") != true,
            !changesSyntax(tree)
        else { return nil }
        let found = HostChecks.captures(tree.root).filter { capture, _ in
            switch part {
            case .literal: false
            case .number(let number, _): capture.number == number
            case .name(let name, _): capture.name == name
            }
        }
        guard !found.isEmpty else { return nil }
        var texts: [String] = []
        for (_, inside) in found {
            guard !dependsOnNeighbours(inside) else { return nil }
            texts.append(tree.text(of: inside))
        }
        return texts
    }

    /// Whether the pattern has options that change how a part of it reads: blanks, comments, quotes.
    private static func changesSyntax(_ tree: PatternTree) -> Bool {
        var found = false
        tree.root.walk { node in
            switch node.kind {
            case .options: found = true
            case .group(.plain(let options), _): if !options.isEmpty { found = true }
            default: break
            }
            return !found
        }
        return found || tree.text.text.contains("\\Q")
    }

    /// Whether a part has anchors, or refers to others.
    private static func dependsOnNeighbours(_ node: PatternNode) -> Bool {
        var found = false
        node.walk { node in
            switch node.kind {
            case .anchor, .backreference, .call, .conditional, .verb, .matchStart, .unknown: found = true
            default: break
            }
            return !found
        }
        return found
    }
}
