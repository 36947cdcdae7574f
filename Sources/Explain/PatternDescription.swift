import PatternLanguages
package import PatternSyntax

/// A pattern in plain words, part by part.
package struct PatternDescription: Sendable {
    /// One part: what stands in the pattern, and what it means.
    package struct Line: Sendable, Hashable {
        /// How many groups it is in.
        package let depth: Int
        /// Bytes of the pattern.
        package let range: Range<Int>
        package let words: String
    }

    package private(set) var lines: [Line] = []
    private let tree: PatternTree

    /// The maximum number of lines; the rest is one line.
    package static let maxLines = 400

    package init(_ tree: PatternTree) {
        self.tree = tree
        visit(tree.root, depth: 0)
    }

    /// One part in a few words.
    package static func words(_ node: PatternNode, in tree: PatternTree) -> String {
        switch node.kind {
        case .empty, .comment: return "nothing"
        case .byte(let byte, _): return quoted([byte])
        case .set(let set, let spelling): return ClassDescription.words(set, spelling)
        case .anchor(let anchor): return words(anchor)
        case .sequence(let parts):
            let bytes = literal(parts)
            return bytes.map(quoted) ?? parts.map { words($0, in: tree) }.joined(separator: ", then ")
        case .alternation(let branches):
            return "either " + branches.map { words($0, in: tree) }.joined(separator: ", or ")
        case .group(let group, let inside): return words(group, inside, in: tree)
        case .quantified(let inside, let quantifier): return times(quantifier, words(inside, in: tree))
        case .backreference(let reference): return "the text of \(name(reference)) again"
        case .call(let reference): return "the pattern of \(name(reference)) again"
        case .conditional: return "a condition: \(tree.text(of: node))"
        case .newlineSequence: return "a line break"
        case .matchStart: return "the match starts here"
        case .options(let letters): return options(letters)
        case .verb(let verb): return "a verb of PCRE2: \(verb)"
        case .unknown(let why): return "not analysed: \(why)"
        }
    }

    private mutating func visit(_ node: PatternNode, depth: Int) {
        guard lines.count < Self.maxLines else { return }
        switch node.kind {
        case .empty, .comment: return
        case .sequence(let parts):
            var literal: [UInt8] = []
            var start = 0
            var end = 0
            func flush(_ lines: inout [Line]) {
                if !literal.isEmpty {
                    lines.append(Line(depth: depth, range: start..<end, words: Self.quoted(literal)))
                }
                literal = []
            }
            for part in parts {
                if case .byte(let byte, _) = part.kind {
                    if literal.isEmpty { start = part.range.lowerBound }
                    literal.append(byte)
                    end = part.range.upperBound
                } else {
                    flush(&lines)
                    visit(part, depth: depth)
                }
            }
            flush(&lines)
        case .alternation(let branches):
            for (index, branch) in branches.enumerated() {
                add(branch, depth, index == 0 ? "either:" : "or:")
                visit(branch, depth: depth + 1)
            }
        case .group(let group, let inside):
            if isSimple(inside) {
                add(node, depth, Self.words(group, inside, in: tree))
            } else {
                add(node, depth, Self.title(group))
                visit(inside, depth: depth + 1)
            }
        case .quantified(let inside, let quantifier):
            if case .group(let group, let inner) = inside.kind, !isSimple(inner) {
                add(node, depth, Self.times(quantifier, Self.title(group)))
                visit(inner, depth: depth + 1)
            } else {
                add(node, depth, Self.words(node, in: tree))
            }
        default: add(node, depth, Self.words(node, in: tree))
        }
    }

    private mutating func add(_ node: PatternNode, _ depth: Int, _ words: String) {
        lines.append(Line(depth: depth, range: node.range, words: words))
    }

    /// Whether a part fits on the line of the group around it.
    private func isSimple(_ node: PatternNode) -> Bool {
        switch node.kind {
        case .byte, .set, .empty, .anchor: true
        case .quantified(let inside, _): isSimple(inside)
        case .sequence(let parts): Self.literal(parts) != nil
        case .alternation(let branches): branches.allSatisfy { isSimple($0) } && branches.count <= 8
        default: false
        }
    }

    // MARK: Words

    private static func literal(_ parts: [PatternNode]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in parts {
            guard case .byte(let byte, _) = part.kind else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    static func quoted(_ bytes: [UInt8]) -> String {
        "`" + bytes.map(ClassDescription.shown).joined() + "`"
    }

    private static func words(_ anchor: PatternNode.Anchor) -> String {
        switch anchor {
        case .lineStart(multiline: false), .subjectStart: "the beginning"
        case .lineEnd(multiline: false), .subjectEnd: "the end"
        case .lineStart: "the beginning of a line"
        case .lineEnd: "the end of a line"
        case .subjectEndOrNewline: "the end, or a newline there"
        case .searchStart: "where the search began"
        case .wordBoundary: "a word boundary"
        case .notWordBoundary: "not a word boundary"
        }
    }

    private static func title(_ group: PatternNode.Group) -> String {
        switch group {
        case .capture(_, let name?): "captured as `\(name)`:"
        case .capture(let number, nil): "captured as group \(number):"
        case .plain(let options) where options.isEmpty: "a group:"
        case .plain(let options): "a group (options \(options)):"
        case .atomic: "an atomic group (no backtracking into it):"
        case .branchReset: "a group whose branches share their capture numbers:"
        case .lookahead(isNegative: false): "followed by:"
        case .lookahead(isNegative: true): "not followed by:"
        case .lookbehind(isNegative: false): "preceded by:"
        case .lookbehind(isNegative: true): "not preceded by:"
        case .other(let name): "a group (\(name)):"
        }
    }

    private static func words(_ group: PatternNode.Group, _ inside: PatternNode, in tree: PatternTree)
        -> String
    {
        if case .plain(options: "") = group { return words(inside, in: tree) }
        return title(group) + " " + words(inside, in: tree)
    }

    private static func name(_ reference: PatternNode.Reference) -> String {
        switch reference {
        case .number(0): "the whole"
        case .number(let number): "group \(number)"
        case .name(let name): "`\(name)`"
        }
    }

    private static func options(_ letters: String) -> String {
        switch letters {
        case "i": "from here on ignoring case"
        case "-i": "from here on with case"
        default: "options from here on: \(letters)"
        }
    }

    private static func times(_ quantifier: PatternNode.Quantifier, _ what: String) -> String {
        let count: String
        switch (quantifier.min, quantifier.max) {
        case (0, 1): count = "optionally"
        case (0, nil): count = "any number of"
        case (1, nil): count = "one or more of"
        case (let min, nil): count = "\(min) or more of"
        case (let min, let max?) where min == max: count = "exactly \(min) of"
        case (let min, let max?): count = "\(min) to \(max) of"
        }
        let mode: String
        switch quantifier.mode {
        case .greedy: mode = ""
        case .lazy: mode = " (as few as possible)"
        case .possessive: mode = " (without backtracking)"
        }
        return "\(count) \(what)\(mode)"
    }
}
