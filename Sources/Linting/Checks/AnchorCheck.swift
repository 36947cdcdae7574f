import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Patterns of paths that are found where they were not meant to be, for want of an anchor.
struct AnchorCheck {
    private let context: LintContext
    private let rule: RuleView
    private let tree: PatternTree
    private let place: PatternPlace

    init(_ context: LintContext, _ rule: RuleView, _ tree: PatternTree, _ place: PatternPlace) {
        self.context = context
        self.rule = rule
        self.tree = tree
        self.place = place
    }

    func run() {
        guard tree.isKnown else { return }
        let branches: [PatternNode]
        if case .alternation(let all) = tree.root.kind { branches = all } else { branches = [tree.root] }
        let anchored = branches.filter(Self.beginsAnchored)
        let isMixed = !anchored.isEmpty && anchored.count < branches.count
        for branch in branches where !Self.beginsAnchored(branch) {
            // A branch that says where it ends, and not that a path begins, is meant to stand anywhere.
            if Self.beginsWithPath(branch) || isMixed && !Self.endsAnchored(branch) {
                checkStart(branch, isMixed: isMixed)
            } else if Self.endsWithExtension(branch) {
                checkEnd(branch)
            }
        }
    }

    private func checkStart(_ branch: PatternNode, isMixed: Bool) {
        guard let example = Example.text(branch) else { return }
        let subject =
            Array("/x".utf8) + (example.first == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]) + example
        guard place.matches(tree.text, subject) == true,
            // Not where it would be found with `^` in front, too.
            place.matches(Array("^(?:".utf8) + tree.text + Array(")".utf8), subject) == false
        else { return }
        let what =
            isMixed ? "`^` counts for another branch only" : "nothing says that the path begins here"
        report(
            branch,
            "\(what): `\(subject.text)` is found too",
            hint: isMixed ? "write `^(?:…|…)`" : "write `^` in front, or `.*` if it may stand anywhere"
        )
    }

    private func checkEnd(_ branch: PatternNode) {
        guard let example = Example.text(branch) else { return }
        let subject = Array("/x".utf8) + example + Array("x".utf8)
        guard place.matches(tree.text, subject) == true,
            place.matches(Array("(?:".utf8) + tree.text + Array(")$".utf8), subject) == false
        else { return }
        report(
            branch,
            "nothing says that the path ends here: `\(subject.text)` is found too",
            hint: "write `$` behind it, or `.*` if more may follow"
        )
    }

    private func report(_ branch: PatternNode, _ message: String, hint: String) {
        context.report(
            .missingAnchor,
            rule,
            key: place.key,
            part: place.part(branch.range.isEmpty ? 0..<1 : branch.range),
            message,
            hint: hint
        )
    }

    // MARK: Shapes

    private static func isNothing(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .options, .comment, .empty: true
        default: false
        }
    }

    private static func edge(_ node: PatternNode, isLast: Bool) -> PatternNode? {
        switch node.kind {
        case .sequence(let all):
            let parts = all.filter { !isNothing($0) }
            return (isLast ? parts.last : parts.first).flatMap { edge($0, isLast: isLast) }
        case .group(.capture, let inside), .group(.plain, let inside): return edge(inside, isLast: isLast)
        default: return node
        }
    }

    private static func beginsAnchored(_ node: PatternNode) -> Bool {
        let first = edge(node, isLast: false)
        switch first?.kind {
        case .anchor(.lineStart), .anchor(.subjectStart), .anchor(.searchStart): return true
        case .alternation(let branches)?: return branches.allSatisfy(beginsAnchored)
        // `.*` in front says that it may stand anywhere.
        case .quantified(let inside, let quantifier)?:
            if case .set(_, .dot) = inside.kind { return quantifier.max == nil }
            return false
        default: return false
        }
    }

    private static func endsAnchored(_ node: PatternNode) -> Bool {
        switch edge(node, isLast: true)?.kind {
        case .anchor(.lineEnd), .anchor(.subjectEnd), .anchor(.subjectEndOrNewline): true
        case .alternation(let branches)?: branches.allSatisfy(endsAnchored)
        default: false
        }
    }

    /// A slash and a name: how a whole path is written.
    private static func beginsWithPath(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .group(.capture, let inside), .group(.plain, let inside): return beginsWithPath(inside)
        case .alternation(let branches): return branches.allSatisfy(beginsWithPath)
        case .sequence(let all):
            let parts = all.filter { !isNothing($0) }
            guard let first = parts.first else { return false }
            guard case .byte(UInt8(ascii: "/"), _) = first.kind else { return beginsWithPath(first) }
            return parts.count > 1 && beginsWithName(parts[1])
        default: return false
        }
    }

    private static func beginsWithName(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .byte(let byte, _): return ByteSet.word.contains(byte)
        case .set(let set, _):
            let others = set.intersection(ByteSet.word.union(ByteSet([UInt8(ascii: "-")])).inverted)
            return !set.isEmpty && others.isEmpty
        case .quantified(let inside, let quantifier): return quantifier.min > 0 && beginsWithName(inside)
        case .group(.capture, let inside), .group(.plain, let inside): return beginsWithName(inside)
        case .alternation(let branches): return branches.allSatisfy(beginsWithName)
        case .sequence(let parts): return parts.first { !isNothing($0) }.map(beginsWithName) ?? false
        default: return false
        }
    }

    /// `\.php`: a dot and a few letters, or a choice of such.
    private static func endsWithExtension(_ node: PatternNode) -> Bool {
        guard case .sequence(let all) = node.kind,
            let dot = all.lastIndex(where: {
                if case .byte(UInt8(ascii: "."), _) = $0.kind { true } else { false }
            })
        else { return false }
        // `/\.git` is a name that begins with a dot.
        if dot > 0, case .byte(UInt8(ascii: "/"), _) = all[dot - 1].kind { return false }
        let parts = all[(dot + 1)...].filter { !isNothing($0) }
        return !parts.isEmpty && parts.allSatisfy(isName)
    }

    private static func isName(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .byte(let byte, _): ByteSet.word.contains(byte)
        case .group(.capture, let inside), .group(.plain, let inside): isName(inside)
        case .alternation(let all), .sequence(let all): all.allSatisfy(isName)
        default: false
        }
    }
}
