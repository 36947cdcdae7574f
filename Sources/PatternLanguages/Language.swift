import PatternSyntax

/// What an automaton accepts, decided byte by byte: a deterministic automaton that is made as far
/// as it is needed.
///
/// Exact for texts without newlines, as hosts are. Not for several threads at once.
package final class Language {
    /// Too many states: nothing is known.
    package struct TooLarge: Error, Sendable {}

    /// States of one language.
    package static let maxStates = 4000

    /// The state that nothing leads out of.
    package static let dead = 0
    package static let start = 1

    private let nfa: NFA
    /// Of each byte: bytes of one class are treated alike.
    private let classes: [UInt8]
    private let classCount: Int
    /// A byte of each class.
    private let examples: [UInt8]
    /// What each state stands for.
    private var sets: [Key] = []
    private var numbers: [Key: Int] = [:]
    /// `state × classCount + class`; -1: not yet known.
    private var table: [Int] = []
    private var accepting: [Bool?] = []
    private let minds: Bool

    /// What came before: all that an anchor can check.
    private enum Side: Hashable {
        case edge
        case newline
        case word
        case other

        init(_ byte: UInt8) {
            self = byte == 0x0A ? .newline : ByteSet.word.contains(byte) ? .word : .other
        }
    }

    private struct Key: Hashable {
        let states: [Int]
        let before: Side
    }

    package init(_ nfa: NFA) {
        self.nfa = nfa
        var sets: Set<ByteSet> = []
        var minds = false
        for state in nfa.states {
            switch state {
            case .byte(let set, _): sets.insert(set)
            case .anchor(.wordBoundary, _), .anchor(.notWordBoundary, _), .anchor(.lineStart(true), _),
                .anchor(.lineEnd(true), _):
                minds = true
            default: break
            }
        }
        if minds { sets.formUnion([.word, .newline]) }
        self.minds = minds
        var classes = [UInt8](repeating: 0, count: 256)
        var count = 1
        for set in sets {
            // Of each class, the one that its bytes of this set get; 0: none yet.
            var inner = [UInt8](repeating: 0, count: count)
            var hasOuter = ByteSet()
            for byte in UInt8.min...UInt8.max where !set.contains(byte) {
                hasOuter.insert(classes[Int(byte)])
            }
            for byte in UInt8.min...UInt8.max where set.contains(byte) {
                let old = classes[Int(byte)]
                guard hasOuter.contains(old) else { continue }
                if inner[Int(old)] == 0 {
                    inner[Int(old)] = UInt8(clamping: count)
                    count += 1
                }
                classes[Int(byte)] = inner[Int(old)]
            }
        }
        self.classes = classes
        classCount = count
        var examples = [UInt8](repeating: 0, count: count)
        for byte in UInt8.min...UInt8.max { examples[Int(classes[Int(byte)])] = byte }
        self.examples = examples
        _ = add(Key(states: [], before: .other))
        _ = add(Key(states: [nfa.start], before: .edge))
    }

    private func add(_ key: Key) -> Int {
        if let number = numbers[key] { return number }
        let number = sets.count
        sets.append(key)
        numbers[key] = number
        table.append(contentsOf: repeatElement(-1, count: classCount))
        accepting.append(nil)
        return number
    }

    /// Which bytes are treated alike: of two with one number, each leads where the other does.
    package func byteClass(_ byte: UInt8) -> UInt8 { classes[Int(byte)] }

    package func step(_ state: Int, _ byte: UInt8) throws(TooLarge) -> Int {
        guard state != Self.dead, sets.indices.contains(state) else { return Self.dead }
        let position = state * classCount + Int(classes[Int(byte)])
        if table[position] >= 0 { return table[position] }
        let byte = examples[Int(classes[Int(byte)])]
        let key = sets[state]
        var next: Set<Int> = []
        for reached in closure(key, ahead: Side(byte)) {
            if case .byte(let set, let target) = nfa.states[reached], set.contains(byte) {
                next.insert(target)
            }
        }
        let before: Side = next.isEmpty ? .other : minds ? Side(byte) : .other
        guard sets.count < Self.maxStates else { throw TooLarge() }
        let number = add(Key(states: next.sorted(), before: before))
        table[position] = number
        return number
    }

    package func accepts(_ state: Int) -> Bool {
        guard accepting.indices.contains(state) else { return false }
        if let known = accepting[state] { return known }
        let result = closure(sets[state], ahead: .edge).contains { reached in
            if case .accept = nfa.states[reached] { true } else { false }
        }
        accepting[state] = result
        return result
    }

    /// Whether the bytes are of the language.
    package func contains(_ bytes: some Sequence<UInt8>) throws(TooLarge) -> Bool {
        var state = Self.start
        for byte in bytes {
            state = try step(state, byte)
            if state == Self.dead { return false }
        }
        return accepts(state)
    }

    /// The byte and accepting states that are reached without a byte.
    private func closure(_ key: Key, ahead: Side) -> [Int] {
        var seen = Set(key.states)
        var open = key.states
        var reached: [Int] = []
        while let state = open.popLast() {
            switch nfa.states[state] {
            case .byte, .accept: reached.append(state)
            case .split(let targets):
                for target in targets where seen.insert(target).inserted { open.append(target) }
            case .tag(_, _, let target):
                if seen.insert(target).inserted { open.append(target) }
            case .anchor(let anchor, let target):
                if Self.holds(anchor, key.before, ahead), seen.insert(target).inserted { open.append(target) }
            }
        }
        return reached
    }

    private static func holds(_ anchor: PatternNode.Anchor, _ before: Side, _ ahead: Side) -> Bool {
        switch anchor {
        case .subjectStart, .searchStart, .lineStart(multiline: false): before == .edge
        // PCRE2 does not take the very end for the beginning of a line.
        case .lineStart(multiline: true): before == .edge || (before == .newline && ahead != .edge)
        case .subjectEnd, .lineEnd(multiline: false): ahead == .edge
        // Before a last newline too, which hosts do not have.
        case .subjectEndOrNewline: ahead == .edge
        case .lineEnd(multiline: true): ahead == .edge || ahead == .newline
        case .wordBoundary: (before == .word) != (ahead == .word)
        case .notWordBoundary: (before == .word) == (ahead == .word)
        }
    }
}
