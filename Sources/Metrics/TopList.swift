/// The keys with the largest sums of a weight, among any number of keys, in constant memory: "space-saving" (Metwally,
/// Agrawal, El Abbadi, 2005).
///
/// A key whose share of all weight is more than one in `capacity` is in the list. A key that comes anew takes the place of
/// the smallest, and inherits its weight as a possible error. Nothing is allocated after `init`.
package struct TopList: Sendable {
    /// The longest key; longer ones are cut.
    package static let keyBytes = 255

    package struct Entry: Sendable, Equatable {
        package let key: [UInt8]
        /// At most `excess` too much.
        package let weight: UInt64
        package let excess: UInt64
        package let figures: TopFigures
    }

    package let capacity: Int
    private var used = 0
    /// By slot.
    private var keys: [UInt8]
    private var lengths: [Int]
    private var hashes: [UInt64]
    private var weights: [UInt64]
    private var excesses: [UInt64]
    private var figures: [TopFigures]
    /// The slots, the smallest weight first; and where each slot is in it.
    private var heap: [Int]
    private var positions: [Int]
    /// Open addressing by hash: a slot's number plus one; 0: free.
    private var index: [Int32]
    private let mask: Int

    /// - Parameter capacity: keys, at least 1.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        keys = Array(repeating: 0, count: self.capacity * Self.keyBytes)
        lengths = Array(repeating: 0, count: self.capacity)
        hashes = Array(repeating: 0, count: self.capacity)
        weights = Array(repeating: 0, count: self.capacity)
        excesses = Array(repeating: 0, count: self.capacity)
        figures = Array(repeating: TopFigures(), count: self.capacity)
        heap = Array(repeating: 0, count: self.capacity)
        positions = Array(repeating: 0, count: self.capacity)
        var size = 8
        while size < self.capacity * 4 { size *= 2 }
        index = Array(repeating: 0, count: size)
        mask = size - 1
    }

    /// Counts for a key that is in the list.
    ///
    /// - Parameter hash: of the key, by the same `ByteHash` each time. It stands for the key: two keys with one hash of 64
    ///   bits, whose seed nobody knows, do not occur.
    /// - Returns: false: it is not there, and `insert` is needed.
    package mutating func add(hash: UInt64, weight: UInt64, _ counted: TopFigures) -> Bool {
        let slot = find(hash)
        guard slot >= 0 else { return false }
        add(to: slot, weight, counted)
        return true
    }

    /// Counts for a key that is not in the list.
    package mutating func insert(_ key: Span<UInt8>, hash: UInt64, weight: UInt64, _ counted: TopFigures) {
        let slot = take(key.extracting(first: min(key.count, Self.keyBytes)), hash)
        add(to: slot, weight, counted)
    }

    private mutating func add(to slot: Int, _ weight: UInt64, _ counted: TopFigures) {
        weights[slot] &+= weight
        figures[slot].add(counted)
        sink(positions[slot])
    }

    /// Forgets all keys.
    package mutating func removeAll() {
        used = 0
        for place in index.indices { index[place] = 0 }
    }

    /// In no order.
    package var entries: [Entry] {
        (0..<used).map { slot in
            let start = slot * Self.keyBytes
            return Entry(
                key: Array(keys[start..<(start + lengths[slot])]),
                weight: weights[slot],
                excess: excesses[slot],
                figures: figures[slot]
            )
        }
    }

    // MARK: Slots

    private func find(_ hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash) & mask
        while index[place] != 0 {
            let slot = Int(index[place]) &- 1
            if hashes[slot] == hash { return slot }
            place = (place &+ 1) & mask
        }
        return -1
    }

    /// A slot for a new key: a free one, or that of the smallest.
    private mutating func take(_ key: Span<UInt8>, _ hash: UInt64) -> Int {
        let slot: Int
        if used < capacity {
            slot = used
            used += 1
            weights[slot] = 0
            heap[slot] = slot
            positions[slot] = slot
            // Nothing is smaller than a weight of 0.
            rise(slot)
        } else {
            slot = heap[0]
            removeFromIndex(slot)
        }
        excesses[slot] = weights[slot]
        figures[slot] = TopFigures()
        hashes[slot] = hash
        lengths[slot] = key.count
        let start = slot &* Self.keyBytes
        for offset in key.indices { keys[start &+ offset] = key[offset] }
        var place = Int(truncatingIfNeeded: hash) & mask
        while index[place] != 0 { place = (place &+ 1) & mask }
        index[place] = Int32(truncatingIfNeeded: slot &+ 1)
        return slot
    }

    /// Closes the gap, so that no search ends at it too early.
    private mutating func removeFromIndex(_ slot: Int) {
        var gap = Int(truncatingIfNeeded: hashes[slot]) & mask
        while Int(index[gap]) != slot &+ 1 { gap = (gap &+ 1) & mask }
        var place = (gap &+ 1) & mask
        while index[place] != 0 {
            let home = Int(truncatingIfNeeded: hashes[Int(index[place]) &- 1]) & mask
            // Whether its home is not between the gap and its place.
            if (place &- home) & mask >= (place &- gap) & mask {
                index[gap] = index[place]
                gap = place
            }
            place = (place &+ 1) & mask
        }
        index[gap] = 0
    }

    // MARK: The heap

    /// The weight there has grown.
    private mutating func sink(_ start: Int) {
        var position = start
        let slot = heap[position]
        let weight = weights[slot]
        while true {
            var child = 2 &* position &+ 1
            guard child < used else { break }
            if child &+ 1 < used, weights[heap[child &+ 1]] < weights[heap[child]] { child &+= 1 }
            guard weights[heap[child]] < weight else { break }
            heap[position] = heap[child]
            positions[heap[position]] = position
            position = child
        }
        heap[position] = slot
        positions[slot] = position
    }

    private mutating func rise(_ start: Int) {
        var position = start
        let slot = heap[position]
        while position > 0 {
            let parent = (position &- 1) / 2
            guard weights[slot] < weights[heap[parent]] else { break }
            heap[position] = heap[parent]
            positions[heap[position]] = position
            position = parent
        }
        heap[position] = slot
        positions[slot] = position
    }
}
