import PatternSyntax

/// An automaton whose steps without a byte are merged: its positions are the states that take a byte,
/// the start (0) and the end.
struct ByteGraph {
    /// A way from one position to another without a byte in between: whatever the byte, one step.
    struct Step {
        let to: Int
        /// The groups that begin and end on the way: `2 × group`, and 1 more at the end.
        let tags: [Int]
    }

    /// What each position takes; empty at the start and the end.
    let sets: [ByteSet]
    /// Where each position leads after its byte; the start leads on without one.
    let steps: [[Step]]
    let end: Int

    /// The maximum number of ways that are distinguished between two positions.
    static let maxWays = 2
    static let maxPositions = 600

    /// Nil: too large, or it has word boundaries, which a step cannot check.
    ///
    /// - Parameter ignoresAnchors: takes every anchor for fulfilled; else `^` and `$` hold where they
    ///   stand at the ends.
    init?(_ nfa: NFA, ignoresAnchors: Bool) {
        var positions: [Int: Int] = [:]
        var sets = [ByteSet()]
        var leads = [nfa.start]
        for (index, state) in nfa.states.enumerated() {
            guard case .byte(let set, let next) = state else { continue }
            positions[index] = sets.count
            sets.append(set)
            leads.append(next)
        }
        guard sets.count < Self.maxPositions else { return nil }
        end = sets.count
        sets.append(ByteSet())
        var steps: [[Step]] = []
        for (position, lead) in leads.enumerated() {
            var walk = Walk(
                nfa: nfa,
                positions: positions,
                end: end,
                isStart: position == 0,
                ignoresAnchors: ignoresAnchors
            )
            walk.go(from: lead, atEnd: false)
            guard !walk.failed else { return nil }
            steps.append(walk.found)
        }
        steps.append([])
        self.sets = sets
        self.steps = steps
    }

    /// Whether each byte leads to one position, in one way: then a text has one way through.
    var isDeterministic: Bool {
        steps.allSatisfy { ways in
            var taken = ByteSet()
            var ends = false
            for way in ways {
                if way.to == end {
                    if ends { return false }
                    ends = true
                } else {
                    if !taken.intersection(sets[way.to]).isEmpty { return false }
                    taken = taken.union(sets[way.to])
                }
            }
            return true
        }
    }

    /// All ways from a state to the next positions, `maxWays` to each.
    private struct Walk {
        let nfa: NFA
        let positions: [Int: Int]
        let end: Int
        let isStart: Bool
        let ignoresAnchors: Bool
        var found: [Step] = []
        var failed = false
        private var visits: [Int: Int] = [:]
        private var onWay: Set<Int> = []
        private var tags: [Int] = []
        private var depth = 0

        init(nfa: NFA, positions: [Int: Int], end: Int, isStart: Bool, ignoresAnchors: Bool) {
            self.nfa = nfa
            self.positions = positions
            self.end = end
            self.isStart = isStart
            self.ignoresAnchors = ignoresAnchors
        }

        mutating func go(from state: Int, atEnd: Bool) {
            guard depth < 2000 else {
                failed = true
                return
            }
            guard visits[state, default: 0] < ByteGraph.maxWays, !onWay.contains(state) else { return }
            visits[state, default: 0] += 1
            onWay.insert(state)
            depth += 1
            defer {
                onWay.remove(state)
                depth -= 1
            }
            switch nfa.states[state] {
            case .byte:
                if !atEnd, let position = positions[state] { add(position) }
            case .accept: add(end)
            case .split(let targets):
                for target in targets { go(from: target, atEnd: atEnd) }
            case .tag(let group, let isOpening, let target):
                tags.append(group * 2 + (isOpening ? 0 : 1))
                go(from: target, atEnd: atEnd)
                tags.removeLast()
            case .anchor(let anchor, let target):
                if ignoresAnchors { return go(from: target, atEnd: atEnd) }
                switch anchor {
                case .subjectStart, .searchStart, .lineStart(multiline: false):
                    if isStart { go(from: target, atEnd: atEnd) }
                case .subjectEnd, .lineEnd(multiline: false): go(from: target, atEnd: true)
                default: failed = true
                }
            }
        }

        private mutating func add(_ position: Int) {
            found.append(Step(to: position, tags: tags))
        }
    }
}
