import PatternSyntax

/// Builds the index that finds rules by a host's text.
struct CandidateIndexBuilder {
    /// A rule and the literals that are left as its keys.
    struct Entry {
        let rule: UInt32
        var literals: RequiredLiterals
    }

    private enum Choice {
        case whole, prefix, suffix
        case gram(Int)
    }

    /// The maximum number of rules under one key that are evaluated one after another. More rules have an index of
    /// their own, by their other literals.
    static let longestList = 8

    private var keys: [UInt64: [Entry]] = [:]
    private var counts: [UInt64: UInt32] = [:]
    private var always: [UInt32] = []
    private var hasWhole = false
    private var prefixes = CandidateIndex.Lengths()
    private var suffixes = CandidateIndex.Lengths()
    private var grams: Set<Int> = []

    static func index(_ rules: [Rule]) -> CandidateIndex {
        index(rules.flatMap(entries))
    }

    /// One for each alternative; one without literals if there is nothing known of an alternative.
    private static func entries(_ rule: Rule) -> [Entry] {
        let number = UInt32(rule.index)
        let alternatives: [RequiredLiterals] =
            switch rule.host {
            case .any: []
            case .exact(let name): [RequiredLiterals(prefix: name, isWhole: true)]
            case .wildcard(let suffix): [RequiredLiterals(suffix: suffix)]
            case .pattern(let pattern): pattern.alternatives
            }
        if alternatives.isEmpty { return [Entry(rule: number, literals: RequiredLiterals())] }
        return alternatives.map { Entry(rule: number, literals: $0) }
    }

    private static func index(_ entries: [Entry]) -> CandidateIndex {
        var builder = CandidateIndexBuilder()
        for entry in entries { builder.count(entry.literals) }
        for entry in entries { builder.file(entry) }
        return builder.freeze()
    }

    // MARK: Choosing

    /// All keys that could find a rule.
    private static func keys(
        _ literals: RequiredLiterals,
        _ visit: (UInt64, Choice, _ length: Int) -> Void
    ) {
        if literals.isWhole {
            visit(CandidateKeys.whole(literals.prefix), .whole, literals.prefix.count)
            return
        }
        let (prefix, suffix) = (literals.prefix, literals.suffix)
        if !suffix.isEmpty { visit(CandidateKeys.suffix(suffix), .suffix, suffix.count) }
        if !prefix.isEmpty { visit(CandidateKeys.prefix(prefix), .prefix, prefix.count) }
        for text in literals.inner {
            for length in CandidateKeys.gramLengths where text.count >= length {
                for gram in CandidateKeys.grams(text, length: length) { visit(gram, .gram(length), length) }
            }
        }
    }

    private mutating func count(_ literals: RequiredLiterals) {
        Self.keys(literals) { key, _, _ in counts[key, default: 0] += 1 }
    }

    private mutating func file(_ entry: Entry) {
        var best: (key: UInt64, choice: Choice, length: Int, count: UInt32)?
        Self.keys(entry.literals) { key, choice, length in
            let count = counts[key] ?? 0
            if best == nil || count < best?.count ?? 0 { best = (key, choice, length, count) }
        }
        guard let best else {
            if always.last != entry.rule { always.append(entry.rule) }
            return
        }
        var entry = entry
        switch best.choice {
        case .whole:
            hasWhole = true
            entry.literals = RequiredLiterals()
        case .prefix:
            prefixes.insert(best.length)
            entry.literals.prefix = []
        case .suffix:
            suffixes.insert(best.length)
            entry.literals.suffix = []
        case .gram(let length):
            grams.insert(length)
            entry.literals.inner = []
        }
        keys[best.key, default: []].append(entry)
    }

    // MARK: Freezing

    private consuming func freeze() -> CandidateIndex {
        counts = [:]
        var table: [UInt64: LiteralTable.Entry] = [:]
        table.reserveCapacity(keys.count)
        var lists: [UInt32] = []
        var inner: [CandidateIndex] = []
        for (key, entries) in keys {
            if entries.count == 1 {
                table[key] = .rule(entries[0].rule)
            } else if entries.count > Self.longestList, entries.contains(where: { !$0.literals.isEmpty }) {
                table[key] = .index(UInt32(inner.count))
                inner.append(Self.index(entries))
            } else {
                table[key] = .list(start: UInt32(lists.count), count: UInt32(entries.count))
                lists += entries.map(\.rule)
            }
        }
        return CandidateIndex(
            table: LiteralTable(table),
            lists: lists,
            inner: inner,
            always: always,
            hasWhole: hasWhole,
            prefixes: prefixes,
            suffixes: suffixes,
            grams: grams.sorted(by: >)
        )
    }
}
