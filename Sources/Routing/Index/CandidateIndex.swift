/// Finds the rules that may match a host: all that do are among them.
///
/// A rule is filed once (once for each alternative of its pattern) under the part of its literals
/// that the fewest others share: the whole host, an end of it, or a piece. Of a host the hashes of
/// its whole, its ends and its pieces are looked up, of the lengths that are in use.
final class CandidateIndex: Sendable {
    /// Rules without anything to file them under: candidates for every host. In order.
    let always: [UInt32]
    private let table: LiteralTable
    private let lists: [UInt32]
    /// Of rules that share the key under which they are filed, by their other literals.
    private let inner: [CandidateIndex]
    private let hasWhole: Bool
    private let prefixes: Lengths
    private let suffixes: Lengths
    private let grams: [Int]

    /// Lengths of keys that are in use.
    struct Lengths: Sendable {
        private(set) var longest = 0
        private var inUse: [Bool] = []

        mutating func insert(_ length: Int) {
            while inUse.count <= length { inUse.append(false) }
            inUse[length] = true
            longest = max(longest, length)
        }

        @inline(__always) func contains(_ length: Int) -> Bool { inUse[length] }
    }

    init(
        table: LiteralTable,
        lists: [UInt32],
        inner: [CandidateIndex],
        always: [UInt32],
        hasWhole: Bool,
        prefixes: Lengths,
        suffixes: Lengths,
        grams: [Int]
    ) {
        self.table = table
        self.lists = lists
        self.inner = inner
        self.always = always
        self.hasWhole = hasWhole
        self.prefixes = prefixes
        self.suffixes = suffixes
        self.grams = grams
    }

    /// Adds the rules that are filed under something that `host` has; in no order, and maybe twice.
    func find(_ host: Span<UInt8>, into found: inout [UInt32]) {
        if suffixes.longest > 0 { findSuffixes(host, &found) }
        if hasWhole || prefixes.longest > 0 { findPrefixes(host, &found) }
        if !grams.isEmpty { findGrams(host, &found) }
    }

    private func findSuffixes(_ host: Span<UInt8>, _ found: inout [UInt32]) {
        var hash: UInt64 = 0
        let longest = min(suffixes.longest, host.count)
        var length = 0
        while length < longest {
            length &+= 1
            hash = CandidateKeys.add(host[host.count &- length], to: hash)
            guard suffixes.contains(length) else { continue }
            look(CandidateKeys.finish(hash, .suffix, length: length), host, &found)
        }
    }

    private func findPrefixes(_ host: Span<UInt8>, _ found: inout [UInt32]) {
        var hash: UInt64 = 0
        let longest = hasWhole ? host.count : min(prefixes.longest, host.count)
        var length = 0
        while length < longest {
            hash = CandidateKeys.add(host[length], to: hash)
            length &+= 1
            guard length <= prefixes.longest, prefixes.contains(length) else { continue }
            look(CandidateKeys.finish(hash, .prefix, length: length), host, &found)
        }
        if hasWhole { look(CandidateKeys.finish(hash, .whole, length: host.count), host, &found) }
    }

    private func findGrams(_ host: Span<UInt8>, _ found: inout [UInt32]) {
        var word: UInt64 = 0
        for index in host.indices {
            word = word &<< 8 | UInt64(host[index])
            for length in grams where index &+ 1 >= length {
                look(CandidateKeys.gram(word, length: length), host, &found)
            }
        }
    }

    @inline(__always)
    private func look(_ hash: UInt64, _ host: Span<UInt8>, _ found: inout [UInt32]) {
        guard table.mayHave(hash), let entry = table[hash] else { return }
        switch entry {
        case .rule(let rule):
            found.append(rule)
        case .list(let start, let count):
            for position in start..<(start &+ count) { found.append(lists[Int(position)]) }
        case .index(let position):
            let index = inner[Int(position)]
            found.append(contentsOf: index.always)
            index.find(host, into: &found)
        }
    }
}
