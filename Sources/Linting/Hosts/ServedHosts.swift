import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// The hosts of a rule that lead to names which a source has: among them are those that are served.
struct ServedHosts {
    /// Names that are compared with one rule's target.
    private static let maxNames = 4096
    /// Languages of one rule.
    private static let maxLanguages = 8

    private let names: [String]

    /// - Parameter names: targets that have addresses.
    init(_ names: [String]) {
        self.names = Array(names.sorted().prefix(Self.maxNames))
    }

    /// For some of the names: the rule's hosts that lead to it. Empty where the target does not depend on the host, or
    /// it is not known how.
    func languages(_ rule: RuleView) -> [Language] {
        guard !names.isEmpty, case .forward(let to) = rule.definition.action, let tree = rule.tree,
            tree.isKnown,
            rule.definition.path?.hasPrefix("~") != true, let parts = TargetChecks.name(of: to),
            let (target, groups) = Self.pattern(parts, tree)
        else { return [] }
        let scratch = MatchScratch()
        var found: [Language] = []
        for name in names where found.count < Self.maxLanguages {
            let bytes = Array(name.utf8)
            guard case .matched(let ranges) = target.match(bytes.span, scratch: scratch) else { continue }
            var values: [(range: Range<Int>, value: [UInt8])] = []
            for group in groups {
                guard let range = ranges[group.number] else { continue }
                values.append((group.range, Array(bytes[range])))
            }
            if let language = Self.language(tree, values) { found.append(language) }
        }
        return found
    }

    /// A pattern of the target's names, and for each capture in it where its group's inside is in the host's pattern.
    /// Nil: the target has no captures, or not those of the host alone.
    private static func pattern(
        _ parts: [TemplateParser.Part],
        _ tree: PatternTree
    ) -> (pattern: Pattern, groups: [(number: Int, range: Range<Int>)])? {
        let captures = HostChecks.captures(tree.root)
        var text = ""
        var insides: [(name: String, range: Range<Int>)] = []
        for part in parts {
            let found: [(capture: (number: Int, name: String?), inside: PatternNode)]
            switch part {
            case .literal(let bytes, _):
                for byte in bytes { text += String(decoding: quoted([byte]), as: UTF8.self) }
                continue
            case .number(let number, _): found = captures.filter { $0.capture.number == number }
            case .name(let name, _): found = captures.filter { $0.capture.name == name }
            }
            // A group of several branches may be any of them.
            guard found.count == 1, let group = found.first else { return nil }
            let name = "berth\(insides.count)"
            text += "(?<\(name)>\(tree.text(of: group.inside)))"
            insides.append((name, group.inside.range))
        }
        guard !insides.isEmpty, let pattern = try? Pattern(text, options: [.caseless, .wholeSubject]) else {
            return nil
        }
        let numbers = Dictionary(pattern.captureNames.map { ($0.name, $0.number) }) { first, _ in first }
        return (pattern, insides.compactMap { inside in numbers[inside.name].map { ($0, inside.range) } })
    }

    /// The hosts in which parts of the pattern have these values.
    private static func language(
        _ tree: PatternTree,
        _ values: [(range: Range<Int>, value: [UInt8])]
    ) -> Language? {
        var bytes = tree.text
        // From the end, so that the ranges before stay right.
        for (range, value) in values.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            bytes.replaceSubrange(range, with: quoted(value))
        }
        return (try? NFA(holding: PatternTree(bytes, ignoresCase: true))).map { Language($0) }
    }

    private static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { ByteSet.word.contains($0) ? [$0] : [UInt8(ascii: "\\"), $0] }
    }
}
