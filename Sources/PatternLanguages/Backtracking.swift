import PatternSyntax

/// Texts that may make a pattern backtrack without end: guesses, to be confirmed by matching.
package struct Backtracking: Sendable, Hashable {
    /// Leads to where the pattern can repeat `pump`.
    package let prefix: [UInt8]
    /// What to repeat.
    package let pump: [UInt8]
    /// Leads from there to a match; to be spoilt.
    package let suffix: [UInt8]

    /// Whether the pattern's text can be dangerous at all: a repetition within a repetition, or three
    /// without end. Says yes too often, and costs about as much as reading the text.
    package static func isSuspicious(_ text: [UInt8]) -> Bool {
        var endless = 0
        var afterGroup = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "*"), UInt8(ascii: "+"):
                if afterGroup { return true }
                endless += 1
            case UInt8(ascii: "{"):
                if afterGroup { return true }
                // `{2,}`; `{2,99}` is as good as one without end.
                if text[index...].prefix(8).contains(UInt8(ascii: ",")) { endless += 1 }
            default: break
            }
            afterGroup = byte == UInt8(ascii: ")")
            index += 1
        }
        return endless >= 3
    }

    /// Ways to attack a pattern, the most likely first, at most `max`.
    ///
    /// Searches for a position that can come back to itself in two ways over one text (exponential), and
    /// for the positions that can repeat at all (several of them in a row: polynomial).
    ///
    /// - Parameter alphabet: bytes that a subject may have, those that read well first.
    package static func attacks(_ nfa: NFA, alphabet: [UInt8], max: Int = 24) -> [Backtracking] {
        guard let graph = ByteGraph(nfa, ignoresAnchors: true) else { return [] }
        var search = BacktrackingSearch(graph: graph, alphabet: alphabet)
        return search.run(max: max)
    }
}

private struct BacktrackingSearch {
    let graph: ByteGraph
    let alphabet: [UInt8]
    /// Bytes of the alphabet that each position takes.
    private let sets: [ByteSet]
    /// Steps of all searches together.
    private var budget = 400_000

    init(graph: ByteGraph, alphabet: [UInt8]) {
        self.graph = graph
        self.alphabet = alphabet
        let all = ByteSet(alphabet)
        sets = graph.sets.map { $0.intersection(all) }
    }

    mutating func run(max: Int) -> [Backtracking] {
        var found: [Backtracking] = []
        var loops: [Backtracking] = []
        for position in 1..<Swift.max(1, graph.end) {
            guard let prefix = way(from: 0, to: position), let suffix = way(from: position, to: graph.end)
            else {
                continue
            }
            // The way to the end begins with the position's own byte.
            if let pump = diverging(position) {
                found.append(Backtracking(prefix: prefix, pump: pump, suffix: suffix))
            } else if loops.count < max, let pump = way(from: position, to: position) {
                if !loops.contains(where: { $0.pump == pump }) {
                    loops.append(Backtracking(prefix: prefix, pump: pump, suffix: suffix))
                }
            }
            if found.count >= max || budget <= 0 { break }
        }
        return Array((found + loops).prefix(max))
    }

    private func byte(_ set: ByteSet) -> UInt8? { alphabet.first(where: set.contains) }

    /// A shortest text that leads from one position to another; the start takes no byte.
    private mutating func way(from start: Int, to goal: Int) -> [UInt8]? {
        var parents: [Int: Int] = [:]
        var open = [start]
        var at = 0
        while at < open.count {
            let position = open[at]
            at += 1
            if position != 0, sets[position].isEmpty { continue }
            for step in graph.steps[position] {
                budget -= 1
                if step.to == goal {
                    var positions = [position]
                    while let last = positions.last, last != start, let parent = parents[last] {
                        positions.append(parent)
                    }
                    return positions.reversed().compactMap { byte(sets[$0]) }
                }
                if parents[step.to] == nil, step.to != start {
                    parents[step.to] = position
                    open.append(step.to)
                }
            }
        }
        return nil
    }

    private struct Pair: Hashable {
        let first: Int
        let second: Int
        let differs: Bool
    }

    /// A text over which a position comes back to itself in two ways.
    private mutating func diverging(_ position: Int) -> [UInt8]? {
        let start = Pair(first: position, second: position, differs: false)
        let goal = Pair(first: position, second: position, differs: true)
        var parents: [Pair: Pair] = [:]
        var open = [start]
        var at = 0
        while at < open.count, budget > 0 {
            let pair = open[at]
            at += 1
            guard byte(sets[pair.first].intersection(sets[pair.second])) != nil else { continue }
            for (one, first) in graph.steps[pair.first].enumerated() {
                for (other, second) in graph.steps[pair.second].enumerated() {
                    budget -= 1
                    let differs = pair.differs || pair.first != pair.second || one != other
                    let next = Pair(first: first.to, second: second.to, differs: differs)
                    if next == goal { return text(pair, start, parents) }
                    if next.first != graph.end, next.second != graph.end, next != start, parents[next] == nil
                    {
                        parents[next] = pair
                        open.append(next)
                    }
                }
            }
        }
        return nil
    }

    private func text(_ last: Pair, _ start: Pair, _ parents: [Pair: Pair]) -> [UInt8] {
        var pairs = [last]
        while let pair = pairs.last, pair != start, let parent = parents[pair] { pairs.append(parent) }
        return pairs.reversed().compactMap { byte(sets[$0.first].intersection(sets[$0.second])) }
    }
}
