/// The open downstream connections of a loop, in no order; each knows its own index.
struct ConnectionList {
    private(set) var all: [DownstreamConnection] = []
    /// Where the next search begins, so that each connection has its turn.
    private var hand = 0

    var isEmpty: Bool { all.isEmpty }

    mutating func insert(_ connection: DownstreamConnection) {
        connection.listIndex = all.count
        all.append(connection)
    }

    /// Searches for a connection, among `count` at most.
    mutating func next(of count: Int, where isWanted: (DownstreamConnection) -> Bool) -> DownstreamConnection?
    {
        for _ in 0..<min(count, all.count) {
            hand = hand < all.count - 1 ? hand + 1 : 0
            if isWanted(all[hand]) { return all[hand] }
        }
        return nil
    }

    /// False when it was not there.
    mutating func remove(_ connection: DownstreamConnection) -> Bool {
        let index = connection.listIndex
        guard all.indices.contains(index), all[index] === connection else { return false }
        connection.listIndex = -1
        let last = all.removeLast()
        if last !== connection {
            all[index] = last
            last.listIndex = index
        }
        return true
    }
}
