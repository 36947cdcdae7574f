import NIOCore

/// The open downstream connections of a loop, in no order; each knows its own index.
struct ConnectionList {
    private(set) var all: [any ClientConnection] = []
    /// When each of them was opened.
    private(set) var times: [NIODeadline] = []
    /// Where the next search begins, so that each connection has its turn.
    private var hand = 0

    var isEmpty: Bool { all.isEmpty }

    mutating func insert(_ connection: any ClientConnection, opened: NIODeadline) {
        connection.listIndex = all.count
        all.append(connection)
        times.append(opened)
    }

    /// Puts another connection in the place of one: the same client, with another protocol.
    mutating func replace(_ connection: any ClientConnection, by other: any ClientConnection) {
        let index = connection.listIndex
        guard all.indices.contains(index), all[index] === connection else { return }
        connection.listIndex = -1
        other.listIndex = index
        all[index] = other
    }

    /// Searches for a connection, among `count` at most.
    mutating func next(of count: Int, where isWanted: (any ClientConnection) -> Bool) -> (
        any ClientConnection
    )? {
        for _ in 0..<min(count, all.count) {
            hand = hand < all.count - 1 ? hand + 1 : 0
            if isWanted(all[hand]) { return all[hand] }
        }
        return nil
    }

    /// False when it was not there.
    mutating func remove(_ connection: any ClientConnection) -> Bool {
        let index = connection.listIndex
        guard all.indices.contains(index), all[index] === connection else { return false }
        connection.listIndex = -1
        let last = all.removeLast()
        let time = times.removeLast()
        if last !== connection {
            all[index] = last
            times[index] = time
            last.listIndex = index
        }
        return true
    }
}
