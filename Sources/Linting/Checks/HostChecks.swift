import PCRE2
import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Hosts that a rule's pattern matches although its text does not look like it.
struct HostChecks {
    let context: LintContext
    let rule: RuleView

    func run() {
        if case .none = rule.sample { return reportImpossible() }
        guard let tree = rule.tree else { return }
        checkLabels(tree)
        checkLengths(tree)
        checkCaptures(tree)
    }

    // MARK: Nothing matches

    private func reportImpossible() {
        var reason = ""
        if let tree = rule.tree, let example = Example.text(tree) {
            do {
                _ = try HostName(example.span)
            } catch {
                reason = ": `\(YAMLNode.shortened(example.text))` is not a valid host: \(error)"
            }
        } else if case .wildcard(let suffix) = rule.host {
            reason = ": with a label before `\(YAMLNode.shortened(suffix.text))` it would be too long"
        }
        context.report(
            .impossibleHost,
            rule,
            key: rule.hostKey,
            "rule `\(rule.name)` can never match: no host is what it accepts\(reason)",
            hint: "hosts are lower-case labels of 1 to 63 bytes out of a-z 0-9 - _, at most 253 bytes in all"
        )
    }

    // MARK: Dots

    /// What looks like one label and takes several: captures, and classes that leave out other bytes.
    private func checkLabels(_ tree: PatternTree) {
        guard Self.hasLiteralDot(tree.root) else { return }
        var seen: Set<Range<Int>> = []
        for (capture, inside) in Self.captures(tree.root) {
            let name = capture.name.map { "capture `\($0)`" } ?? "capture \(capture.number)"
            inside.walk { node in
                if seen.insert(node.range).inserted { checkLabel(tree, node, who: name) }
                return true
            }
        }
        tree.root.walk { node in
            if case .group(let group, _) = node.kind, group.looksAround { return true }
            guard !seen.contains(node.range), case .quantified(let inside, _) = node.kind,
                case .set(_, .brackets(isNegated: true)) = Self.bare(inside).kind
            else { return true }
            checkLabel(tree, node, who: "it")
            return true
        }
    }

    private func checkLabel(_ tree: PatternTree, _ node: PatternNode, who: String) {
        guard case .quantified(let inside, let quantifier) = node.kind,
            quantifier.max.map({ $0 > 1 }) ?? true
        else { return }
        let repeated = Self.bare(inside)
        guard case .set(let set, let spelling) = repeated.kind, set.contains(UInt8(ascii: ".")) else {
            return
        }
        let text = tree.text(of: repeated)
        guard Self.isVague(spelling, text),
            // A dot in it, and whatever else it takes around that.
            let host = witness(tree, node.range, "(?:\(text)+\\.\(text)+)")
        else { return }
        context.report(
            .dotInLabel,
            rule,
            key: "host",
            part: Self.afterMark(node.range),
            "`\(text)` takes dots too, so that \(who) can span several labels: `\(host.text)`",
            hint: "write `\(Self.withoutDot(text))`; if dots are meant, list what is meant: `[a-z0-9.-]`"
        )
    }

    /// Without the groups around it.
    private static func bare(_ node: PatternNode) -> PatternNode {
        switch node.kind {
        case .group(.plain, let inside), .group(.capture, let inside), .group(.atomic, let inside):
            bare(inside)
        default: node
        }
    }

    /// Whether a set has the dot without naming it.
    private static func isVague(_ spelling: PatternNode.SetSpelling, _ text: String) -> Bool {
        switch spelling {
        case .dot, .escape, .brackets(isNegated: true): true
        case .brackets(isNegated: false): !text.contains(".") && !text.lowercased().contains("2e")
        }
    }

    private static func withoutDot(_ text: String) -> String {
        text.hasPrefix("[^") ? "[^.\(text.dropFirst(2))" : "[^.]"
    }

    private static func hasLiteralDot(_ root: PatternNode) -> Bool {
        !root.walk { node in
            switch node.kind {
            case .byte(UInt8(ascii: "."), _): return false
            case .set(let set, .brackets): return set != ByteSet([UInt8(ascii: ".")])
            default: return true
            }
        }
    }

    static func captures(_ node: PatternNode) -> [(
        capture: (number: Int, name: String?), inside: PatternNode
    )] {
        var found: [(capture: (number: Int, name: String?), inside: PatternNode)] = []
        node.walk { node in
            if case .group(.capture(let number, let name), let inside) = node.kind {
                found.append(((number, name), inside))
            }
            return true
        }
        return found
    }

    // MARK: Lengths

    private func checkLengths(_ tree: PatternTree) {
        tree.root.walk { node in
            guard case .quantified(let inside, let quantifier) = node.kind, let max = quantifier.max,
                let size = PatternSize(inside), size.minBytes > 0
            else { return true }
            let (room, what) =
                size.hasDot
                ? (HostName.maxBytes, "no host") : (HostName.maxLabelBytes, "no label of a host")
            guard max > room / size.minBytes else { return true }
            context.report(
                .labelTooLong,
                rule,
                key: "host",
                part: Self.afterMark(quantifier.range),
                "this counts to \(max), but \(what) is longer than \(room) bytes",
                hint: "write `{\(min(quantifier.min, room / size.minBytes)),\(room / size.minBytes)}`"
            )
            return true
        }
    }

    // MARK: Captures

    private func checkCaptures(_ tree: PatternTree) {
        let used = CaptureUse(rule).host(of: tree)
        let named = Set(tree.captures.filter { $0.name != nil }.map(\.number))
        guard let nfa = rule.nfa else {
            // It may be ambiguous where the same pattern without what is not regular is.
            if let rough = try? NFA(holding: tree), let why = rule.unsupported,
                case .ambiguous = Ambiguity.find(rough, groups: used.union(named))
            {
                let message =
                    "whether a host can be divided among the captures in two ways is not known: "
                    + "it is not decided for patterns with \(why)"
                context.note(rule, message)
            }
            return
        }
        guard case .ambiguous(let found) = Ambiguity.find(nfa, groups: used.union(named)) else { return }
        let parts = found.splits.map { split -> String in
            let capture = tree.captures.first { $0.number == split.group }
            let name = capture?.name ?? "$\(split.group)"
            return "`\(name)` is " + Self.quoted(found.host, split.first) + " or "
                + Self.quoted(found.host, split.second)
        }
        let message = "`\(found.host.text)` can split in two ways: " + parts.joined(separator: ", ")
        context.report(
            .ambiguousCaptures,
            rule,
            key: "host",
            message,
            hint: "let no capture take what separates it from the next: `[^_]+_[^_]+`"
        )
    }

    private static func quoted(_ host: [UInt8], _ range: Range<Int>?) -> String {
        guard let range, range.upperBound <= host.count else { return "nothing" }
        return "`\(Array(host[range]).text)`"
    }

    // MARK: Witnesses

    private func witness(_ tree: PatternTree, _ range: Range<Int>, _ text: String) -> [UInt8]? {
        context.witness(rule, tree, range, text)
    }

    /// After the `~`.
    static func afterMark(_ range: Range<Int>) -> Range<Int> {
        (range.lowerBound + 1)..<(range.upperBound + 1)
    }
}
