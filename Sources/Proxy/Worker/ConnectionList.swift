/// The open downstream connections of a loop, in no order; each knows its own index.
struct ConnectionList {
    private(set) var all: [DownstreamConnection] = []

    var isEmpty: Bool { all.isEmpty }

    mutating func insert(_ connection: DownstreamConnection) {
        connection.listIndex = all.count
        all.append(connection)
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
