import PCRE2
import Patterns
import Routing
import RoutingConfig

/// What a rule's host pattern lets in that its text does not look like.
struct HostChecks {
    private let context: LintContext
    private let rule: RuleView

    init(_ context: LintContext, _ rule: RuleView) {
        self.context = context
        self.rule = rule
    }

    func run() {
        if case .none = rule.sample { return reportImpossible() }
        guard let tree = rule.tree else { return }
        checkDots(tree)
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
                reason = ": `\(YAMLText.shortened(example.text))` is none, for \(error)"
            }
        } else if case .wildcard(let suffix) = rule.host {
            reason = ": with a label in front of `\(YAMLText.shortened(suffix.text))` it would be too long"
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

    /// `.` between letters.
    private func checkDots(_ tree: PatternTree) {
        tree.root.walk { node in
            guard case .sequence(let parts) = node.kind else { return true }
            for (index, part) in parts.enumerated().dropFirst().dropLast() {
                guard case .set(_, .dot) = part.kind, tree.text(of: part) == ".",
                    Self.isLetter(parts[index - 1]), Self.isLetter(parts[index + 1])
                else { continue }
                reportDot(tree, part)
            }
            return true
        }
    }

    private static func isLetter(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .byte(let byte, _): ByteSet.word.contains(byte)
        case .group(.capture, _), .group(.plain, _), .quantified: true
        default: false
        }
    }

    private func reportDot(_ tree: PatternTree, _ dot: PatternNode) {
        guard let host = witness(tree, dot.range, "[^.]") else { return }
        context.report(
            .unescapedDot,
            rule,
            key: "host",
            part: Self.behindMark(dot.range),
            "this dot is any byte: `\(host.text)` is accepted too",
            hint: "write `\\.`"
        )
    }

    /// Captures that look like one label and take several.
    private func checkLabels(_ tree: PatternTree) {
        guard Self.hasLiteralDot(tree.root) else { return }
        for (capture, inside) in Self.captures(tree.root) {
            inside.walk { node in
                guard case .quantified(let repeated, let quantifier) = node.kind,
                    quantifier.most.map({ $0 > 1 }) ?? true, case .set(let set, let spelling) = repeated.kind,
                    set.contains(UInt8(ascii: ".")), Self.isVague(spelling)
                else { return true }
                let text = tree.text(of: repeated)
                // A dot in it, and whatever else it takes around that.
                guard let host = witness(tree, node.range, "(?:\(text)+\\.\(text)+)") else { return true }
                let name = capture.name.map { "capture `\($0)`" } ?? "capture \(capture.number)"
                context.report(
                    .dotInLabel,
                    rule,
                    key: "host",
                    part: Self.behindMark(node.range),
                    "`\(text)` takes dots too, so that \(name) can span several labels: `\(host.text)`",
                    hint:
                        "write `\(Self.withoutDot(text))`; if dots are meant, list what is meant: `[a-z0-9.-]`"
                )
                return true
            }
        }
    }

    private static func isVague(_ spelling: PatternNode.SetSpelling) -> Bool {
        switch spelling {
        case .dot: true
        case .brackets(let isNegated): isNegated
        case .escape: true
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
            guard case .quantified(let inside, let quantifier) = node.kind, let most = quantifier.most,
                most > HostName.maxLabelBytes, case .set(let set, _) = inside.kind,
                !set.contains(UInt8(ascii: "."))
            else { return true }
            context.report(
                .labelTooLong,
                rule,
                key: "host",
                part: Self.behindMark(quantifier.range),
                "this counts to \(most), but no label of a host is longer than \(HostName.maxLabelBytes) bytes",
                hint: "write `{\(min(quantifier.least, HostName.maxLabelBytes)),\(HostName.maxLabelBytes)}`"
            )
            return true
        }
    }

    // MARK: Captures

    private func checkCaptures(_ tree: PatternTree) {
        let used = CaptureUse(rule).host(of: tree)
        let named = Set(tree.captures.filter { $0.name != nil }.map(\.number))
        guard let nfa = rule.nfa else { return }
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

    /// A host that the pattern accepts when a part of it is `text` instead, which takes less.
    private func witness(_ tree: PatternTree, _ range: Range<Int>, _ text: String) -> [UInt8]? {
        var bytes = tree.text
        bytes.replaceSubrange(range, with: text.utf8)
        guard let nfa = try? NFA(PatternTree(bytes, ignoresCase: true)) else { return nil }
        guard case .found(let host) = HostSearch(inside: [Language(nfa)]).find(),
            let name = try? HostName(host.span),
            context.table.rules(matching: name, scratch: context.scratch).contains(where: { $0 === rule.rule }
            )
        else { return nil }
        return host
    }

    /// Behind the `~`.
    static func behindMark(_ range: Range<Int>) -> Range<Int> {
        (range.lowerBound + 1)..<(range.upperBound + 1)
    }
}

/// Texts of people's files in messages.
enum YAMLText {
    static func shortened(_ text: String) -> String {
        text.utf8.count <= 60 ? text : String(text.prefix(59)) + "…"
    }
}
