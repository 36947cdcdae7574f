/// What is counted of the requests that one endpoint was sent. Refers to nothing.
package struct EndpointCounts: Sendable, Equatable, Summable {
    private var statuses = InlineArray<6, UInt64>(repeating: 0)
    /// Attempts that failed: no connection came about, or no valid response.
    package private(set) var failures: UInt64 = 0
    /// From the connection to the response's head, of all responses, nanoseconds.
    package private(set) var waiting: UInt64 = 0

    package init() {}

    /// A request has ended here.
    ///
    /// - Parameter nanoseconds: that its response was waited for; 0: there was none.
    package mutating func record(status: Int, nanoseconds: UInt64) {
        statuses[StatusClass.index(of: status)] &+= 1
        waiting &+= nanoseconds
    }

    package mutating func recordFailure() { failures &+= 1 }

    /// - Parameter index: from 0 to 5 (`StatusClass`).
    package subscript(status index: Int) -> UInt64 { statuses[index] }

    /// Requests that ended here.
    package var requests: UInt64 {
        var sum: UInt64 = 0
        for index in statuses.indices { sum &+= statuses[index] }
        return sum
    }

    package var count: UInt64 { requests &+ failures }

    package mutating func add(_ other: EndpointCounts) {
        for index in statuses.indices { statuses[index] &+= other.statuses[index] }
        failures &+= other.failures
        waiting &+= other.waiting
    }

    package mutating func subtract(_ other: EndpointCounts) {
        for index in statuses.indices { statuses[index] -= min(statuses[index], other.statuses[index]) }
        failures -= min(failures, other.failures)
        waiting -= min(waiting, other.waiting)
    }

    package static func == (left: Self, right: Self) -> Bool {
        for index in left.statuses.indices where left.statuses[index] != right.statuses[index] {
            return false
        }
        return left.failures == right.failures && left.waiting == right.waiting
    }
}
