import PatternSyntax

/// A host that a pattern can divide among its groups in two ways.
package struct Ambiguity: Sendable, Hashable {
    package let host: [UInt8]
    /// Of each group that differs: what it has in the one way and in the other; nil: it takes no part.
    package let splits: [Split]

    package struct Split: Sendable, Hashable {
        package let group: Int
        package let first: Range<Int>?
        package let second: Range<Int>?
    }

    /// The maximum number of combinations of positions.
    package static let maxNodes = 120_000

    package enum Result: Sendable, Hashable {
        case ambiguous(Ambiguity)
        case unambiguous
        case unknown
    }

    /// Looks for a host whose groups can come out in two ways. PCRE2 takes one of them, always the
    /// same; whether it is the one that was meant is not in the pattern.
    ///
    /// - Parameter groups: those that count. Groups within repetitions are left out: their last
    ///   round is what they keep.
    package static func find(_ nfa: NFA, groups: Set<Int>) -> Result {
        let groups = groups.intersection(nfa.steadyGroups)
        guard !groups.isEmpty else { return .unambiguous }
        guard let graph = ByteGraph(nfa, ignoresAnchors: false) else { return .unknown }
        if graph.isDeterministic { return .unambiguous }
        var search = AmbiguitySearch(graph: graph, groups: groups)
        return search.run()
    }
}

/// Two matches of one host side by side, breadth first.
private struct AmbiguitySearch {
    private struct Node {
        let first: Int
        let second: Int
        let differs: Bool
        /// Whether the host has a label begun, so that a dot or its end may follow.
        let inLabel: Bool
        let parent: Int
        let byte: UInt8
        /// Which of the steps led here.
        let tags: ([Int], [Int])
    }

    private struct Key: Hashable {
        let first: Int
        let second: Int
        let differs: Bool
        let inLabel: Bool
    }

    let graph: ByteGraph
    let groups: Set<Int>
    private var nodes: [Node] = []
    private var seen: Set<Key> = []
    private var isFull = false
    private let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)

    init(graph: ByteGraph, groups: Set<Int>) {
        self.graph = graph
        self.groups = groups
    }

    mutating func run() -> Ambiguity.Result {
        nodes.append(
            Node(first: 0, second: 0, differs: false, inLabel: false, parent: -1, byte: 0, tags: ([], []))
        )
        // What is before the first byte.
        add(from: 0, byte: 0, inLabel: false)
        var at = 1
        while at < nodes.count {
            let node = nodes[at]
            if node.first == graph.end, node.second == graph.end {
                if node.differs, let found = ambiguity(at) { return .ambiguous(found) }
            } else {
                let common = graph.sets[node.first].intersection(graph.sets[node.second])
                var dotDone = false
                var otherDone = false
                // Two bytes that both positions take lead to the same positions.
                for byte in alphabet where common.contains(byte) {
                    let isDot = byte == UInt8(ascii: ".")
                    if isDot ? dotDone || !node.inLabel : otherDone { continue }
                    if isDot { dotDone = true } else { otherDone = true }
                    add(from: at, byte: byte, inLabel: !isDot)
                }
            }
            if isFull { return .unknown }
            at += 1
        }
        return .unambiguous
    }

    private mutating func add(from parent: Int, byte: UInt8, inLabel: Bool) {
        let node = nodes[parent]
        for first in graph.steps[node.first] {
            for second in graph.steps[node.second] {
                let isEnd = first.to == graph.end
                guard isEnd == (second.to == graph.end), !isEnd || inLabel else { continue }
                let tags = (first.tags.filter(counts), second.tags.filter(counts))
                let differs = node.differs || tags.0 != tags.1
                let key = Key(first: first.to, second: second.to, differs: differs, inLabel: inLabel)
                guard seen.insert(key).inserted else { continue }
                guard nodes.count < Ambiguity.maxNodes else {
                    isFull = true
                    return
                }
                nodes.append(
                    Node(
                        first: first.to,
                        second: second.to,
                        differs: differs,
                        inLabel: inLabel,
                        parent: parent,
                        byte: byte,
                        tags: tags
                    )
                )
            }
        }
    }

    private func counts(_ tag: Int) -> Bool { groups.contains(tag / 2) }

    /// Follows the way back; nil when both come out the same, or as no host.
    private func ambiguity(_ end: Int) -> Ambiguity? {
        var way: [Node] = []
        var at = end
        while at > 0 {
            way.append(nodes[at])
            at = nodes[at].parent
        }
        way.reverse()
        // Each node's byte comes before its tags; the first has no byte.
        let host = way.dropFirst().map(\.byte)
        guard HostSearch.isName(host) else { return nil }
        var first: [Int: (Int, Int?)] = [:]
        var second: [Int: (Int, Int?)] = [:]
        for (position, node) in way.enumerated() {
            Self.note(node.tags.0, position, &first)
            Self.note(node.tags.1, position, &second)
        }
        let splits = groups.sorted().compactMap { group -> Ambiguity.Split? in
            let (one, other) = (Self.range(first[group]), Self.range(second[group]))
            return one == other ? nil : Ambiguity.Split(group: group, first: one, second: other)
        }
        return splits.isEmpty ? nil : Ambiguity(host: host, splits: splits)
    }

    private static func note(_ tags: [Int], _ position: Int, _ spans: inout [Int: (Int, Int?)]) {
        for tag in tags {
            if tag % 2 == 0 {
                spans[tag / 2] = (position, nil)
            } else if let open = spans[tag / 2] {
                spans[tag / 2] = (open.0, position)
            }
        }
    }

    private static func range(_ span: (Int, Int?)?) -> Range<Int>? {
        guard case (let start, let end?)? = span, start <= end else { return nil }
        return start..<end
    }
}
