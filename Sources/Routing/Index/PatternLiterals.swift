/// What a look at a host pattern's text tells about the hosts that it can match.
///
/// Drawn from the text alone, and cautiously: of a pattern that is not understood to the end,
/// nothing is said.
struct PatternLiterals {
    /// Every match has the literals of one of these. Empty: nothing is known.
    var alternatives: [HostLiterals] = []
    /// How the pattern divides into literal text around a core, where that changes no match
    /// and no capture.
    var cut: Cut?

    struct Cut {
        /// Literal text in front and behind, lower case.
        var head: [UInt8]
        var tail: [UInt8]
        /// The bytes of the pattern's text in between.
        var core: Range<Int>
    }

    /// More alternatives than this are not told apart.
    static let maxAlternatives = 32

    /// - Parameter text: the pattern, without the `~` in front. It is matched in any case, and
    ///   against the whole host.
    init(_ text: [UInt8]) {
        var parser = PatternParser(text)
        guard let sequences = parser.parse() else { return }
        // One alternative that says nothing makes the others say nothing.
        if let alternatives = Self.alternatives(sequences), !alternatives.contains(where: \.isEmpty) {
            self.alternatives = alternatives
        }
        if sequences.count == 1, parser.isRegular { cut = Self.cut(sequences[0], of: text.count) }
    }

    // MARK: Literals

    /// Nil: too many.
    private static func alternatives(_ sequences: [[PatternParser.Element]]) -> [HostLiterals]? {
        var all: [HostLiterals] = []
        for sequence in sequences {
            if let choice = onlyChoice(sequence) {
                guard let inner = alternatives(choice) else { return nil }
                all += inner
            } else {
                all.append(literals(sequence))
            }
            guard all.count <= maxAlternatives else { return nil }
        }
        return all
    }

    /// The alternatives of a group that is all there is.
    private static func onlyChoice(_ sequence: [PatternParser.Element]) -> [[PatternParser.Element]]? {
        var found: [[PatternParser.Element]]?
        for element in sequence {
            switch element.kind {
            case .lineStart, .lineEnd, .empty: continue
            case .choice(let choice) where found == nil: found = choice
            default: return nil
            }
        }
        return found
    }

    private static func literals(_ sequence: [PatternParser.Element]) -> HostLiterals {
        var runs: [[UInt8]] = [[]]
        for element in sequence {
            switch element.kind {
            case .byte(let byte): runs[runs.count - 1].append(byte)
            case .anything, .choice: runs.append([])
            case .lineStart, .lineEnd, .empty: continue
            }
        }
        guard runs.count > 1 else { return HostLiterals(prefix: runs[0], isWhole: true) }
        let inner = runs[1..<(runs.count - 1)].filter { $0.count >= CandidateKeys.shortestGram }
        return HostLiterals(
            prefix: runs[0],
            suffix: runs[runs.count - 1],
            inner: Array(inner.sorted { $0.count > $1.count }.prefix(HostLiterals.maxInner))
        )
    }

    // MARK: Cut

    /// Takes the literal text off both ends.
    ///
    /// In a regular pattern nothing looks beyond what it consumes, and literal text has one way
    /// to match: so the way that is found first through the whole is the one that is found first
    /// through the core.
    private static func cut(_ sequence: [PatternParser.Element], of count: Int) -> Cut? {
        var rest = sequence[...]
        var core = 0..<count
        while let first = rest.first, case .lineStart = first.kind {
            core = first.range.upperBound..<core.upperBound
            rest.removeFirst()
        }
        while let last = rest.last, case .lineEnd = last.kind {
            core = core.lowerBound..<last.range.lowerBound
            rest.removeLast()
        }
        let anchored = rest.contains { element in
            switch element.kind {
            case .lineStart, .lineEnd: true
            default: false
            }
        }
        guard !anchored else { return nil }
        var head: [UInt8] = []
        while let first = rest.first, case .byte(let byte) = first.kind, first.stands {
            head.append(byte)
            core = first.range.upperBound..<core.upperBound
            rest.removeFirst()
        }
        var tail: [UInt8] = []
        while let last = rest.last, case .byte(let byte) = last.kind, last.stands {
            tail.append(byte)
            core = core.lowerBound..<last.range.lowerBound
            rest.removeLast()
        }
        guard !head.isEmpty || !tail.isEmpty else { return nil }
        return Cut(head: head, tail: tail.reversed(), core: core)
    }
}
