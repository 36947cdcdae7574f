import PatternSyntax

/// Where a pattern's own text says that its matches end.
enum PatternEnd {
    /// Whether a pattern with a verb ends with `$` or `\z` in each of its branches: `(*ACCEPT)` must not end a match
    /// of `^/api/…$` before the end of the path.
    static func isAnchored(_ text: String) -> Bool {
        guard text.contains("(*") else { return false }
        let tree = PatternTree(Array(text.utf8))
        return isAnchored(tree.root)
    }

    private static func isAnchored(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .anchor(.lineEnd(multiline: false)), .anchor(.subjectEnd): true
        case .sequence(let parts): parts.last.map(isAnchored) ?? false
        case .alternation(let branches): branches.allSatisfy(isAnchored)
        case .group(let group, let inside): !group.looksAround && isAnchored(inside)
        default: false
        }
    }
}
