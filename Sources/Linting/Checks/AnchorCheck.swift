import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Patterns of paths that match at unintended positions because they have no anchor.
struct AnchorCheck {
    let context: LintContext
    let rule: RuleView
    let tree: PatternTree
    let location: PatternLocation

    func run() {
        guard tree.isKnown else { return }
        let branches: [PatternNode]
        if case .alternation(let all) = tree.root.kind { branches = all } else { branches = [tree.root] }
        let anchored = branches.filter(Self.beginsAnchored)
        let isMixed = !anchored.isEmpty && anchored.count < branches.count
        for branch in branches where !Self.beginsAnchored(branch) {
            // A branch with an end but no beginning of a path is intended to match anywhere.
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
        guard location.matches(tree.text, subject) == true,
            // Not if it matches with `^` before it, too.
            location.matches(Array("^(?:".utf8) + tree.text + Array(")".utf8), subject) == false
        else { return }
        let what =
            isMixed
            ? "`^` applies to another branch only" : "the pattern does not require the path to begin here"
        report(
            branch,
            "\(what): `\(subject.text)` matches too",
            hint: isMixed ? "write `^(?:…|…)`" : "add `^` before it, or `.*` if it may match anywhere"
        )
    }

    private func checkEnd(_ branch: PatternNode) {
        guard let example = Example.text(branch) else { return }
        let subject = Array("/x".utf8) + example + Array("x".utf8)
        guard location.matches(tree.text, subject) == true,
            location.matches(Array("(?:".utf8) + tree.text + Array(")$".utf8), subject) == false
        else { return }
        report(
            branch,
            "the pattern does not require the path to end here: `\(subject.text)` matches too",
            hint: "add `$` after it, or `.*` if more may follow"
        )
    }

    private func report(_ branch: PatternNode, _ message: String, hint: String) {
        context.report(
            .missingAnchor,
            rule,
            key: location.key,
            part: location.part(branch.range.isEmpty ? 0..<1 : branch.range),
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
        // `.*` before it means that it may match anywhere.
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
