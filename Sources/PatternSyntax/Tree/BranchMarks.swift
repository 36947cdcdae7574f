/// A pattern rewritten so that a match shows which branches of its alternations it took.
///
/// Each branch begins with an empty named group, which takes part in a match exactly if the match
/// went through the branch (in any round of a repetition). Hosts match as they did, and named
/// groups keep what they capture; numbers of groups shift.
public struct BranchMarks: Sendable {
    public struct Branch: Sendable, Hashable {
        /// Which alternation, in the order of the text, from 0.
        public let alternation: Int
        /// Which of its branches, from 0.
        public let index: Int
        /// The branch's bytes in the original text.
        public let range: Range<Int>
        /// The name of the group that marks it in ``text``.
        public let mark: String
    }

    /// The rewritten pattern.
    public let text: String
    public let branches: [Branch]

    /// The names of marks begin with this; a number follows.
    public static let prefix = "berth_branch_"

    /// Nil: there is no alternation, or a part of the pattern counts groups by number (`\1`,
    /// `(?1)`, `(?(1)…)`, `(?|…)`), or is unknown, or the text is not UTF-8: then nothing is known
    /// of its branches.
    public init?(_ tree: PatternTree) {
        guard tree.isKnown else { return nil }
        var counts = false
        tree.root.walk { node in
            switch node.kind {
            case .backreference(.number), .call, .verb: counts = true
            case .group(.branchReset, _), .group(.other, _): counts = true
            case .conditional(.reference(.number), _, _), .conditional(.other, _, _): counts = true
            default: break
            }
            return !counts
        }
        let alternations = Self.alternations(in: tree.root)
        guard !counts, !alternations.isEmpty else { return nil }
        var branches: [Branch] = []
        for (number, nodes) in alternations.enumerated() {
            for (index, node) in nodes.enumerated() {
                let mark = Self.prefix + String(branches.count)
                branches.append(
                    Branch(alternation: number, index: index, range: node.range, mark: mark)
                )
            }
        }
        let marks = branches.sorted { $0.range.lowerBound < $1.range.lowerBound }
        var bytes: [UInt8] = []
        var copied = 0
        for branch in marks {
            bytes += tree.text[copied..<branch.range.lowerBound]
            bytes += "(?<\(branch.mark)>)".utf8
            copied = branch.range.lowerBound
        }
        bytes += tree.text[copied...]
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self.text = text
        self.branches = branches
    }

    /// Those that can leave a mark: groups within a negative look around never keep theirs.
    private static func alternations(in node: PatternNode) -> [[PatternNode]] {
        switch node.kind {
        case .group(.lookahead(isNegative: true), _), .group(.lookbehind(isNegative: true), _): return []
        default: break
        }
        var found: [[PatternNode]] = []
        if case .alternation(let branches) = node.kind { found.append(branches) }
        for child in node.children { found += alternations(in: child) }
        return found
    }
}
