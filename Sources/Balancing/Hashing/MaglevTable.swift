/// A table that a key's hash is an index of (Maglev): one access for a pick, and each server has its share of the
/// entries exactly.
///
/// Each server has an order of its own in which it would like the entries, and they take turns to get the next one that
/// is free. A server that comes or goes moves its own keys, and a few others. The order in which the servers are listed
/// does not count. The number of entries is the same for all pools: with another number nearly all keys would move.
struct MaglevTable: Sendable {
    /// Entries, a prime number: 100 for each of 655 servers, which keeps the moves of other keys at about one percent.
    /// Servers after the 65,535th have no entry and get requests only in place of others. 128 KiB.
    static let size = 65_537
    /// Rounds in which the entries are given out: a server with a large weight takes several at a time.
    private static let rounds = 1_024

    /// The slot of each entry; empty: there is no slot with a weight.
    private let entries: [UInt16]

    init(_ members: [KeySlot]) {
        var servers = members.prefix(Int(UInt16.max)).enumerated().filter { $1.weight > 0 }.map(Server.init)
        servers.sort { ($0.id, $0.weight, $0.slot) < ($1.id, $1.weight, $1.slot) }
        guard !servers.isEmpty else {
            entries = []
            return
        }
        Self.apportion(&servers)
        let longest = servers.reduce(1) { max($0, $1.quota) }
        let rounds = min(Self.rounds, longest)
        var entries = [UInt16](repeating: 0, count: Self.size)
        var isTaken = [Bool](repeating: false, count: Self.size)
        for round in 1...rounds {
            for index in servers.indices {
                // So many of its entries each has after this round, rounded up.
                let due = (servers[index].quota * round + rounds - 1) / rounds
                while servers[index].taken < due {
                    let entry = servers[index].nextEntry()
                    guard !isTaken[entry] else { continue }
                    isTaken[entry] = true
                    entries[entry] = UInt16(truncatingIfNeeded: servers[index].slot)
                    servers[index].taken += 1
                }
            }
        }
        self.entries = entries
    }

    /// How many entries each server gets: its share, at least one, and all together the table's size.
    private static func apportion(_ servers: inout [Server]) {
        let total = servers.reduce(0) { $0 + $1.weight }
        for index in servers.indices { servers[index].quota = max(1, size * servers[index].weight / total) }
        var left = size - servers.reduce(0) { $0 + $1.quota }
        // What rounding left over goes to those that lost most by it; what minimum shares took, to nobody.
        let order = servers.indices.sorted {
            let (a, b) = (size * servers[$0].weight % total, size * servers[$1].weight % total)
            return (b, $0) < (a, $1)
        }
        for index in order where left > 0 {
            servers[index].quota += 1
            left -= 1
        }
        let largest = servers.indices.sorted { (servers[$1].quota, $0) < (servers[$0].quota, $1) }
        while left < 0 {
            for index in largest where left < 0 && servers[index].quota > 1 {
                servers[index].quota -= 1
                left += 1
            }
        }
    }

    /// The slot of an entry, counted modulo the table's size; nil for an empty table.
    func slot(at hash: UInt64) -> Int? {
        entries.isEmpty ? nil : Int(entries[Int(hash % UInt64(entries.count))])
    }

    /// One that gets entries, and the order in which it would like them.
    private struct Server {
        let slot: Int
        let id: String
        let weight: Int
        private var position: Int
        private let step: Int
        /// Entries that it has, and that it gets.
        var taken = 0
        var quota = 0

        init(_ slot: Int, _ member: KeySlot) {
            self.slot = slot
            self.id = member.id
            self.weight = Int(member.weight)
            let hash = KeyHash.of(member.id, seed: 1)
            position = Int(hash % UInt64(size))
            step = Int(KeyHash.mixed(hash) % UInt64(size - 1)) + 1
        }

        mutating func nextEntry() -> Int {
            defer { position = (position + step) % size }
            return position
        }
    }
}
