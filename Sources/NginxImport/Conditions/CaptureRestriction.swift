import PCRE2
import PatternSyntax

/// Narrows a regular expression to the hosts for which a named group captures a given text.
///
/// Works only where a host can match in one way, so that the group captures the same text before and after.
enum CaptureRestriction {
    enum Result {
        case narrowed(String)
        /// The group never captures this text.
        case never
        /// A host could match in several ways, or the expression has a form that is not analysed here.
        case unknown
    }

    static func narrow(_ regex: NginxRegex, group name: String, to value: String) -> Result {
        guard regex.tree.isKnown, regex.beginsAtStart, regex.endsAtEnd, !regex.refersToItself,
            isSingleWay(regex.tree.root, before: [])
        else { return .unknown }
        var found: (range: Range<Int>, inside: PatternNode)?
        regex.tree.root.walk { node in
            if case .group(.capture(_, let known?), let inside) = node.kind, known == name {
                found = (node.range, inside)
            }
            return found == nil
        }
        guard let found else { return .unknown }
        // Groups inside it would be lost.
        for capture in regex.tree.captures
        where found.range.contains(capture.range.lowerBound) && capture.range != found.range {
            return .unknown
        }
        let inside = regex.tree.text(of: found.inside)
        guard let pattern = try? Pattern("(?:\(inside))", options: [.caseless, .wholeSubject]) else {
            return .unknown
        }
        guard case .matched = pattern.match(Array(value.utf8).span, scratch: MatchScratch()) else {
            return .never
        }
        let bytes = regex.tree.text
        let head = String(decoding: bytes[..<found.inside.range.lowerBound], as: UTF8.self)
        let tail = String(decoding: bytes[found.inside.range.upperBound...], as: UTF8.self)
        return .narrowed(head + RegexText.escaped(value) + tail)
    }

    /// Whether the start of a match of `node` determines its end, given what may follow it.
    private static func isSingleWay(_ node: PatternNode, before rest: [PatternNode]) -> Bool {
        switch node.kind {
        case .empty, .byte, .set, .anchor: return true
        case .sequence(let parts):
            for index in parts.indices
            where !isSingleWay(parts[index], before: Array(parts[(index + 1)...]) + rest) {
                return false
            }
            return true
        case .group(.capture, let inside), .group(.plain(options: ""), let inside):
            return isSingleWay(inside, before: rest)
        case .alternation(let branches):
            // Literals of which none is a prefix of another.
            let texts = branches.compactMap(literal)
            guard texts.count == branches.count else { return false }
            for (i, a) in texts.enumerated() {
                for (j, b) in texts.enumerated() where i != j && b.starts(with: a) { return false }
            }
            return true
        case .quantified(let inside, let quantifier):
            guard let set = single(inside) else { return false }
            if quantifier.min == quantifier.max { return true }
            // What follows has one length: where it begins is known from the host's end.
            if rest.allSatisfy({ length($0) != nil }) { return true }
            return first(of: rest).map { set.intersection($0).isEmpty } ?? false
        default: return false
        }
    }

    /// How many bytes every match has; nil: that depends on the match, or is unknown.
    private static func length(_ node: PatternNode) -> Int? {
        switch node.kind {
        case .empty, .anchor: return 0
        case .byte, .set: return 1
        case .sequence(let parts):
            return parts.reduce(0) { sum, part in sum.flatMap { sum in length(part).map { sum + $0 } } }
        case .group(.capture, let inside), .group(.plain(options: ""), let inside): return length(inside)
        case .alternation(let branches):
            let lengths = Set(branches.map(length))
            return lengths.count == 1 ? lengths.first ?? nil : nil
        case .quantified(let inside, let quantifier):
            guard quantifier.min == quantifier.max else { return nil }
            return length(inside).map { $0 * quantifier.min }
        default: return nil
        }
    }

    /// The bytes of which `node` matches exactly one; nil: it matches something else.
    private static func single(_ node: PatternNode) -> ByteSet? {
        switch node.kind {
        case .byte(let byte, _): ByteSet([byte]).caseless
        case .set(let set, _): set.caseless
        case .group(.plain(options: ""), let inside): single(inside)
        default: nil
        }
    }

    private static func literal(_ node: PatternNode) -> [UInt8]? {
        switch node.kind {
        case .byte(let byte, _): return [byte]
        case .sequence(let parts):
            var bytes: [UInt8] = []
            for part in parts {
                guard case .byte(let byte, _) = part.kind else { return nil }
                bytes.append(byte)
            }
            return bytes
        default: return nil
        }
    }

    /// The bytes with which a match of `nodes` can begin, empty at the end of the subject; nil: unknown.
    private static func first(of nodes: [PatternNode]) -> ByteSet? {
        var all = ByteSet()
        for node in nodes {
            switch node.kind {
            case .empty: continue
            case .byte, .set:
                return single(node).map(all.union)
            case .anchor(.lineEnd(multiline: false)), .anchor(.subjectEnd): return all
            case .group(.capture, let inside), .group(.plain(options: ""), let inside):
                return first(of: [inside] + nodes.dropFirst(1)).map(all.union)
            case .sequence(let parts):
                return first(of: parts + nodes.dropFirst(1)).map(all.union)
            case .alternation(let branches):
                for branch in branches {
                    guard let bytes = literal(branch), let byte = bytes.first else { return nil }
                    all = all.union(ByteSet([byte]).caseless)
                }
                return all
            case .quantified(let inside, let quantifier):
                guard let set = single(inside) else { return nil }
                all = all.union(set)
                if quantifier.min > 0 { return all }
            default: return nil
            }
        }
        return all
    }
}
