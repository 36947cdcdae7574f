/// Points on a circle of 2³² hashes; a key belongs to the server of the first point at or after its own hash. A server
/// that comes or goes moves the keys of its own points only (Ketama).
///
/// The points are those of nginx's `hash … consistent`: 160 for each unit of weight, each the CRC-32 of the host, a zero
/// byte, the port and the point before. Of points with the same hash the one of the first server counts.
///
/// nginx has no bound on their number; here it is ``maximumPoints``. Servers with larger weights have fewer points each,
/// in proportion to the weights and at least one: the first ones of those that nginx has. Shares stay as exact, but some
/// keys have other servers than in nginx.
struct HashRing: Sendable {
    /// Points for one unit of weight.
    static let pointsPerWeight = 160
    /// Points on a ring with more than one for each server: weights of 6,553 together as in nginx; 8 MiB.
    static let maximumPoints = 1 << 20

    /// In ascending order, each once.
    private let hashes: [UInt32]
    /// The first slot with the server's text, for each point.
    private let slots: [UInt32]

    init(_ members: [KeySlot]) {
        let total = members.reduce(0) { $0 + Int($1.weight) }
        let isBounded = total > Self.maximumPoints / Self.pointsPerWeight
        var points: [UInt64] = []
        points.reserveCapacity(min(total * Self.pointsPerWeight, Self.maximumPoints + members.count))
        var firsts: [String: Int] = [:]
        for (slot, member) in members.enumerated() where member.weight > 0 {
            let first = firsts[member.id] ?? slot
            firsts[member.id] = first
            let count =
                isBounded
                ? max(1, Int(member.weight) * Self.maximumPoints / total)
                : Int(member.weight) * Self.pointsPerWeight
            Self.append(count, of: member.id, UInt64(UInt32(truncatingIfNeeded: first)), to: &points)
        }
        RadixSort.sortByUpperHalf(&points)
        var hashes: [UInt32] = []
        var slots: [UInt32] = []
        hashes.reserveCapacity(points.count)
        slots.reserveCapacity(points.count)
        for point in points {
            let hash = UInt32(truncatingIfNeeded: point >> 32)
            guard hashes.last != hash else { continue }
            hashes.append(hash)
            slots.append(UInt32(truncatingIfNeeded: point))
        }
        self.hashes = hashes
        self.slots = slots
    }

    var isEmpty: Bool { hashes.isEmpty }

    /// Points as `hash << 32 | slot`.
    private static func append(_ count: Int, of id: String, _ slot: UInt64, to points: inout [UInt64]) {
        let base = ServerText(id).hash
        var previous: UInt32 = 0
        for _ in 0..<count {
            var hash = base
            hash.update(littleEndian: previous)
            previous = hash.value
            points.append(UInt64(previous) << 32 | slot)
        }
    }

    /// The position of the first point at or after a hash.
    func position(of hash: UInt32) -> Int {
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The slot of the point at a position, counted around the circle; nil for an empty ring.
    func slot(at position: Int) -> Int? {
        hashes.isEmpty ? nil : Int(slots[position % hashes.count])
    }
}

/// The text of a server, split as nginx and memcached clients split it: `unix:` is left out, and a port is what follows
/// the last colon if it is digits.
struct ServerText {
    /// Over host, zero byte and port.
    private(set) var hash = CRC32()

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let isPath = bytes.count >= 5 && bytes[..<5].map { $0 | 0x20 } == Array("unix:".utf8)
        let digits = bytes.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        let colon = bytes.count - digits - 1
        let hasPort = !isPath && colon >= 0 && bytes[colon] == UInt8(ascii: ":")
        for byte in isPath ? bytes[5...] : hasPort ? bytes[..<colon] : bytes[...] { hash.update(byte) }
        hash.update(0)
        if hasPort { for byte in bytes[(colon + 1)...] { hash.update(byte) } }
    }
}
