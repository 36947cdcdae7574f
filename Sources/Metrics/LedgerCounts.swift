/// Exact counts for each of many names, up to a bound, on one event loop. Once a name is in it, and it has grown to its
/// size, counting allocates nothing.
package struct LedgerCounts: Sendable {
    /// The longest name, bytes; longer ones are counted with those that found no place.
    package static let nameBytes = 255

    package struct Figures: Sendable, Equatable {
        package var requests: UInt64 = 0
        package var bytesIn: UInt64 = 0
        package var bytesOut: UInt64 = 0

        package init(requests: UInt64 = 0, bytesIn: UInt64 = 0, bytesOut: UInt64 = 0) {
            self.requests = requests
            self.bytesIn = bytesIn
            self.bytesOut = bytesOut
        }

        package mutating func add(_ other: Figures) {
            requests &+= other.requests
            bytesIn &+= other.bytesIn
            bytesOut &+= other.bytesOut
        }
    }

    private struct Entry {
        var start: Int
        var length: Int
        var hash: UInt64
        var figures: Figures
    }

    private static let smallest = 64

    private let limit: Int
    private let hash: ByteHash
    private var entries: [Entry] = []
    private var names: [UInt8] = []
    /// Open addressing by hash: an entry's number plus one; 0: free.
    private var index: [Int32]
    /// Of requests without a name.
    package private(set) var unnamed = Figures()
    /// Of names that found no place.
    package private(set) var overflow = Figures()

    /// - Parameters:
    ///   - limit: names.
    ///   - seed: of the hash.
    package init(limit: Int, seed: UInt64) {
        self.limit = limit
        hash = ByteHash(seed: seed)
        index = Array(repeating: 0, count: Self.smallest)
    }

    package var isEmpty: Bool {
        entries.isEmpty && unnamed == Figures() && overflow == Figures()
    }

    /// Where a name is counted, within one interval.
    package enum Place: Sendable, Equatable {
        case entry(Int)
        /// There is no name.
        case unnamed
        /// There is no place left for it.
        case overflow
    }

    /// The place of a name, from now on until `take`.
    package mutating func place(of name: Span<UInt8>) -> Place {
        guard name.count <= Self.nameBytes else { return .overflow }
        let hash = hash(name)
        var place = Int(truncatingIfNeeded: hash) & (index.count &- 1)
        while index[place] != 0 {
            let number = Int(index[place]) &- 1
            if entries[number].hash == hash, isEqual(number, name) { return .entry(number) }
            place = (place &+ 1) & (index.count &- 1)
        }
        guard entries.count < limit else { return .overflow }
        let start = names.count
        for offset in name.indices { names.append(name[offset]) }
        entries.append(Entry(start: start, length: name.count, hash: hash, figures: Figures()))
        index[place] = Int32(truncatingIfNeeded: entries.count)
        if entries.count &* 2 > index.count { grow() }
        return .entry(entries.count - 1)
    }

    package mutating func add(_ figures: Figures, at place: Place) {
        switch place {
        case .entry(let number) where entries.indices.contains(number): entries[number].figures.add(figures)
        case .unnamed: unnamed.add(figures)
        case .entry, .overflow: overflow.add(figures)
        }
    }

    /// All names with their counts, in the order in which they came.
    package func forEach(_ body: (_ name: ArraySlice<UInt8>, _ figures: Figures) -> Void) {
        for entry in entries { body(names[entry.start..<(entry.start + entry.length)], entry.figures) }
    }

    /// What was counted so far; counting begins anew.
    package mutating func take() -> LedgerCounts {
        let taken = self
        index = Array(repeating: 0, count: index.count)
        var fresh: [Entry] = []
        fresh.reserveCapacity(entries.count)
        entries = fresh
        var bytes: [UInt8] = []
        bytes.reserveCapacity(names.count)
        names = bytes
        unnamed = Figures()
        overflow = Figures()
        return taken
    }

    private func isEqual(_ number: Int, _ name: Span<UInt8>) -> Bool {
        guard entries[number].length == name.count else { return false }
        let start = entries[number].start
        for offset in name.indices where names[start &+ offset] != name[offset] { return false }
        return true
    }

    private mutating func grow() {
        let mask = index.count * 2 - 1
        index = Array(repeating: 0, count: mask + 1)
        for number in entries.indices {
            var place = Int(truncatingIfNeeded: entries[number].hash) & mask
            while index[place] != 0 { place = (place &+ 1) & mask }
            index[place] = Int32(truncatingIfNeeded: number + 1)
        }
    }
}
