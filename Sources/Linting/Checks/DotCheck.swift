import PCRE2
import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// A dot between letters that is any byte, in any of a rule's patterns.
struct DotCheck {
    let context: LintContext
    let rule: RuleView
    let tree: PatternTree
    let location: PatternLocation

    func run() {
        guard tree.isKnown else { return }
        visit(tree.root, before: nil, after: nil)
    }

    /// - Parameters:
    ///   - before: what comes before the part, through groups; nil: nothing does.
    ///   - after: what comes after it.
    private func visit(_ node: PatternNode, before: PatternNode?, after: PatternNode?) {
        switch node.kind {
        case .set(_, .dot):
            if tree.text(of: node) == ".", isMeantLiterally(before: before, after: after) { report(node) }
        case .sequence(let all):
            let parts = all.filter { !Self.isNothing($0) }
            for (index, part) in parts.enumerated() {
                visit(
                    part,
                    before: index > 0 ? parts[index - 1] : before,
                    after: index + 1 < parts.count ? parts[index + 1] : after
                )
            }
        case .alternation(let branches):
            for branch in branches { visit(branch, before: before, after: after) }
        case .group(let group, let inside):
            // A dot alone in a group stands for a byte that is wanted.
            if group.looksAround || Self.isDot(inside) { return }
            visit(inside, before: before, after: after)
        case .quantified(let inside, _):
            if !Self.isDot(inside) { visit(inside, before: before, after: after) }
        default: return
        }
    }

    private enum Edge {
        case start
        /// A letter, a digit or `_`.
        case letter
        /// One of several, or a repetition.
        case letters
        case slash
        case other
    }

    private func isMeantLiterally(before: PatternNode?, after: PatternNode?) -> Bool {
        let left = before.map { Self.edge($0, isLast: true) } ?? .start
        let right = after.map { Self.edge($0, isLast: false) } ?? .other
        return switch (left, right) {
        case (.letter, .letter), (.letter, .letters), (.letters, .letter), (.letters, .letters): true
        // `~.php$`, `/.git`
        case (.start, .letter), (.slash, .letter): true
        default: false
        }
    }

    private static func edge(_ node: PatternNode, isLast: Bool) -> Edge {
        switch node.kind {
        case .byte(UInt8(ascii: "/"), _): return .slash
        case .byte(let byte, _): return ByteSet.word.contains(byte) ? .letter : .other
        case .set(_, .dot): return .other
        case .set(let set, _): return set.intersection(.word).isEmpty ? .other : .letters
        case .quantified(let inside, _): return isDot(inside) ? .letters : edge(inside, isLast: isLast)
        case .group(let group, let inside):
            return group.looksAround || isDot(inside) ? .other : edge(inside, isLast: isLast)
        case .sequence(let parts):
            let seen = parts.filter { !isNothing($0) }
            return (isLast ? seen.last : seen.first).map { edge($0, isLast: isLast) } ?? .other
        case .alternation(let branches):
            let edges = branches.map { edge($0, isLast: isLast) }
            if edges.allSatisfy({ $0 == .letter }) { return .letter }
            return edges.allSatisfy { $0 == .letter || $0 == .letters } ? .letters : .other
        case .anchor: return isLast ? .start : .other
        default: return .other
        }
    }

    private static func isDot(_ node: PatternNode) -> Bool {
        if case .set(_, .dot) = node.kind { true } else { false }
    }

    private static func isNothing(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .empty, .options, .comment: true
        default: false
        }
    }

    private func report(_ dot: PatternNode) {
        // What comes before may match some of the bytes and not give them back.
        let others = ["[^.]", "[0-9]", "[a-z]", "[_-]"]
        let found =
            location.key == "host"
            ? others.lazy.compactMap { context.witness(rule, tree, dot.range, $0) }.first : subject(dot)
        guard let found else { return }
        context.report(
            .unescapedDot,
            rule,
            key: location.key,
            part: location.part(dot.range),
            "this dot is any byte: `\(found.text)` is accepted too",
            hint: "write `\\.`"
        )
    }

    /// A text in which the pattern is found, but not with the dot taken as one.
    private func subject(_ dot: PatternNode) -> [UInt8]? {
        var plain = tree.text
        plain.replaceSubrange(dot.range, with: "-".utf8)
        var strict = tree.text
        strict.replaceSubrange(dot.range, with: "\\.".utf8)
        guard let example = Example.text(PatternTree(plain)) else { return nil }
        let subjects =
            location.isPath ? [example, Array("/".utf8) + example, Array("/x".utf8) + example] : [example]
        return subjects.first { subject in
            (!location.isPath || subject.first == UInt8(ascii: "/"))
                && location.matches(tree.text, subject) == true
                && location.matches(strict, subject) == false
        }
    }
}
