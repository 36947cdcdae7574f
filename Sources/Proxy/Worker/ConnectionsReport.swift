package import NIOCore
package import ProxyCore

/// The open connections of clients at one moment, for operators.
package struct ConnectionsReport: Sendable {
    package struct Connection: Sendable {
        package let info: ConnectionInfo
        package let age: TimeAmount
        package let activity: ConnectionActivity
    }

    package private(set) var total = 0
    /// Requests that are being served, with tunnels.
    package private(set) var inFlight = 0
    /// The oldest, in the order of their ages.
    package private(set) var oldest: [Connection] = []

    init() {}

    /// Of one loop.
    init(_ list: ConnectionList, limit: Int, now: NIODeadline) {
        total = list.all.count
        var indices: [Int] = []
        for (index, connection) in list.all.enumerated() {
            inFlight += connection.activity.inFlight
            // Most come after the oldest ones: they cost one comparison.
            if indices.count >= limit {
                guard let youngest = indices.last, list.times[index] < list.times[youngest] else { continue }
                indices.removeLast()
            }
            let place = indices.firstIndex { list.times[index] < list.times[$0] } ?? indices.count
            indices.insert(index, at: place)
        }
        oldest = indices.map { index in
            Connection(
                info: list.all[index].connection,
                age: now - list.times[index],
                activity: list.all[index].activity
            )
        }
    }

    /// What another loop has.
    mutating func add(_ other: ConnectionsReport, limit: Int) {
        total += other.total
        inFlight += other.inFlight
        oldest = Array((oldest + other.oldest).sorted { $0.age > $1.age }.prefix(limit))
    }
}
