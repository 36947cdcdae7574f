package import PatternSyntax

/// A pattern of the regular subset as a nondeterministic automaton over bytes (Thompson's).
///
/// Built only of parts that can be decided exactly: not of look-arounds, references and similar parts.
/// A possessive quantifier or an atomic group is accepted if it cannot change what matches.
package struct NFA: Sendable {
    enum State: Sendable {
        case byte(ByteSet, next: Int)
        /// In the order in which PCRE2 tries them.
        case split([Int])
        case anchor(PatternNode.Anchor, next: Int)
        /// A capture group begins or ends.
        case tag(group: Int, isOpening: Bool, next: Int)
        case accept
    }

    var states: [State]
    let start: Int
    /// Groups that are not within a repetition, and so capture at most once in a match.
    let steadyGroups: Set<Int>

    /// States of one automaton: counted repetitions are written out.
    package static let maxStates = 4000

    /// Why there is no automaton.
    package struct Unsupported: Error, Sendable, Hashable {
        /// For people: "a look-around".
        package let part: String
        /// Bytes of the pattern's text.
        package let range: Range<Int>
    }

    /// Of a whole match: nothing before it, nothing after it.
    ///
    /// - Parameter roughly: build one of what is not regular too, which takes look-arounds for what they look
    ///   for, and leaves references out: good for guesses that something else confirms.
    package init(_ tree: PatternTree, roughly: Bool = false) throws(Unsupported) {
        try self.init(tree, roughly ? .roughly : .exactly)
    }

    /// Of a whole match, and maybe more: look-arounds have no condition, references are anything, and
    /// nothing is atomic. What this does not accept the pattern does not either.
    package init(holding tree: PatternTree) throws(Unsupported) {
        try self.init(tree, .atLeast)
    }

    /// Of a text with a match somewhere in it.
    ///
    /// - Parameter holding: and maybe of more texts, as `init(holding:)`.
    package init(searching tree: PatternTree, holding: Bool = false) throws(Unsupported) {
        try self.init(tree, holding ? .atLeast : .exactly, searches: true)
    }

    private init(
        _ tree: PatternTree,
        _ reading: NFABuilder.Reading,
        searches: Bool = false
    ) throws(Unsupported) {
        var builder = NFABuilder()
        builder.reading = reading
        let accept = try builder.add(.accept, tree.root)
        let end = try searches ? builder.anything(to: accept, tree.root) : accept
        let first = try builder.build(tree.root, to: end, inLoop: false)
        start = try searches ? builder.anything(to: first, tree.root) : first
        states = builder.states
        steadyGroups = builder.steadyGroups.subtracting(builder.loopedGroups)
    }

    private init(chain sets: [(set: ByteSet, repeats: Bool)]) {
        var states: [State] = [.accept]
        var next = 0
        for (set, repeats) in sets.reversed() {
            let here = states.count
            if repeats {
                states.append(.byte(set, next: here + 1))
                states.append(.split([here, next]))
            } else {
                states.append(.byte(set, next: next))
            }
            next = here
        }
        self.states = states
        start = next
        steadyGroups = []
    }

    /// Exactly these bytes.
    package static func exactly(_ bytes: [UInt8]) -> NFA {
        NFA(chain: bytes.map { (ByteSet([$0]), false) })
    }

    /// At least one byte before these.
    package static func ending(_ bytes: [UInt8]) -> NFA {
        NFA(chain: [(.all, true)] + bytes.map { (ByteSet([$0]), false) })
    }

    /// At least one byte.
    package static let anything = NFA(chain: [(.all, true)])
}

/// Builds states from the end to the front.
private struct NFABuilder {
    var states: [NFA.State] = []
    var steadyGroups: Set<Int> = []
    var loopedGroups: Set<Int> = []

    enum Reading {
        /// What the pattern matches.
        case exactly
        /// That and maybe more.
        case atLeast
        /// A guess; counts beyond `endlessCount` have no end, so that loops show.
        case roughly
    }

    var reading = Reading.exactly
    private var isRough: Bool { reading == .roughly }
    private static let endlessCount = 3

    mutating func add(_ state: NFA.State, _ node: PatternNode) throws(NFA.Unsupported) -> Int {
        guard states.count < NFA.maxStates else {
            throw NFA.Unsupported(part: "more than \(NFA.maxStates) states", range: node.range)
        }
        states.append(state)
        return states.count - 1
    }

    /// The state where any bytes, or none, begin that go on at `next`.
    mutating func anything(to next: Int, _ node: PatternNode) throws(NFA.Unsupported) -> Int {
        let loop = try add(.split([]), node)
        let byte = try add(.byte(.all, next: loop), node)
        states[loop] = .split([byte, next])
        return loop
    }

    /// The state where `node` begins that goes on at `next`.
    mutating func build(
        _ node: PatternNode,
        to next: Int,
        inLoop: Bool
    ) throws(NFA.Unsupported) -> Int {
        switch node.kind {
        case .empty, .options, .comment: return next
        case .byte(let byte, let ignoresCase):
            let set = ByteSet([byte])
            return try add(.byte(ignoresCase ? set.caseless : set, next: next), node)
        case .set(let set, _): return try add(.byte(set, next: next), node)
        case .anchor(let anchor): return try add(.anchor(anchor, next: next), node)
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try build(part, to: next, inLoop: inLoop) }
            return next
        case .alternation(let branches):
            var starts: [Int] = []
            for branch in branches { starts.append(try build(branch, to: next, inLoop: inLoop)) }
            return try add(.split(starts), node)
        case .group(.capture(let number, _), let inside):
            if inLoop { loopedGroups.insert(number) } else { steadyGroups.insert(number) }
            let close = try add(.tag(group: number, isOpening: false, next: next), node)
            let inner = try build(inside, to: close, inLoop: inLoop)
            return try add(.tag(group: number, isOpening: true, next: inner), node)
        case .group(.plain, let inside), .group(.branchReset, let inside):
            return try build(inside, to: next, inLoop: inLoop)
        case .quantified(let inside, let quantifier):
            return try build(inside, quantifier, node, to: next, inLoop: inLoop)
        case .group(.atomic, let inside)
        where reading == .atLeast || Atomicity.isIdle(inside, before: next, states):
            return try build(inside, to: next, inLoop: inLoop)
        case .group(.lookahead, _) where reading == .atLeast,
            .group(.lookbehind, _) where reading == .atLeast:
            return next
        case .backreference where reading == .atLeast, .call where reading == .atLeast:
            return try anything(to: next, node)
        case .group(_, let inside) where isRough: return try build(inside, to: next, inLoop: inLoop)
        case .conditional(_, let then, let otherwise) where reading != .exactly:
            let first = try build(then, to: next, inLoop: inLoop)
            guard let otherwise else { return try add(.split([first, next]), node) }
            let second = try build(otherwise, to: next, inLoop: inLoop)
            return try add(.split([first, second]), node)
        case .backreference where isRough, .call where isRough, .newlineSequence where isRough,
            .matchStart where isRough, .verb where isRough:
            return next
        case .group(.lookahead, _), .group(.lookbehind, _): throw Self.unsupported("a look-around", node)
        case .group(.atomic, _): throw Self.unsupported("an atomic group", node)
        case .group(.other(let name), _): throw Self.unsupported("`(*\(name):`", node)
        case .backreference: throw Self.unsupported("a back reference", node)
        case .call: throw Self.unsupported("a call of a group", node)
        case .conditional: throw Self.unsupported("a condition", node)
        case .newlineSequence: throw Self.unsupported("`\\R`", node)
        case .matchStart: throw Self.unsupported("`\\K`", node)
        case .verb(let verb): throw Self.unsupported("`(*\(verb))`", node)
        case .unknown(let why): throw Self.unsupported(why, node)
        }
    }

    private static func unsupported(_ part: String, _ node: PatternNode) -> NFA.Unsupported {
        NFA.Unsupported(part: part, range: node.range)
    }

    private mutating func build(
        _ inside: PatternNode,
        _ quantifier: PatternNode.Quantifier,
        _ node: PatternNode,
        to next: Int,
        inLoop: Bool
    ) throws(NFA.Unsupported) -> Int {
        if quantifier.mode == .possessive, reading == .exactly,
            !Atomicity.isIdle(repeating: inside, before: next, states)
        {
            throw Self.unsupported("a possessive quantifier", node)
        }
        let loops = inLoop || quantifier.max.map { $0 > 1 } ?? true
        let isGreedy = quantifier.mode != .lazy
        func order(_ inner: Int, _ following: Int) -> [Int] {
            isGreedy ? [inner, following] : [following, inner]
        }
        var next = next
        if let max = quantifier.max, !isRough || max < Self.endlessCount || max == quantifier.min {
            let end = next
            for _ in 0..<Swift.max(0, max - quantifier.min) {
                let inner = try build(inside, to: next, inLoop: loops)
                next = try add(.split(order(inner, end)), node)
            }
        } else {
            let loop = try add(.split([]), node)
            let inner = try build(inside, to: loop, inLoop: loops)
            states[loop] = .split(order(inner, next))
            next = loop
        }
        for _ in 0..<quantifier.min { next = try build(inside, to: next, inLoop: loops) }
        return next
    }
}
