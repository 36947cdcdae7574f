/// What is counted of the requests of one rule. Refers to nothing.
package struct RequestCounts: Sendable, Equatable, Summable {
    private var statuses = InlineArray<6, UInt64>(repeating: 0)
    /// From a request's head to its end.
    package private(set) var durations = DurationHistogram()
    /// Of request bodies.
    package private(set) var bytesIn: UInt64 = 0
    /// Of response bodies.
    package private(set) var bytesOut: UInt64 = 0
    /// Requests that failed: Berth itself had to respond, or the response broke off.
    package private(set) var failures: UInt64 = 0

    package init() {}

    package mutating func record(
        status: Int,
        failed: Bool,
        nanoseconds: UInt64,
        bytesIn: UInt64,
        bytesOut: UInt64
    ) {
        statuses[StatusClass.index(of: status)] &+= 1
        durations.record(nanoseconds: nanoseconds)
        self.bytesIn &+= bytesIn
        self.bytesOut &+= bytesOut
        if failed { failures &+= 1 }
    }

    /// Requests whose status has this first digit.
    ///
    /// - Parameter index: from 0 to 5 (`StatusClass`).
    package subscript(status index: Int) -> UInt64 { statuses[index] }

    /// All requests.
    package var count: UInt64 {
        var sum: UInt64 = 0
        for index in statuses.indices { sum &+= statuses[index] }
        return sum
    }

    /// Requests that ended with a status of 5xx, or without any.
    package var errors: UInt64 { statuses[5] &+ statuses[0] }

    package mutating func add(_ other: RequestCounts) {
        for index in statuses.indices { statuses[index] &+= other.statuses[index] }
        durations.add(other.durations)
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
        failures &+= other.failures
    }

    package mutating func subtract(_ other: RequestCounts) {
        for index in statuses.indices { statuses[index] -= min(statuses[index], other.statuses[index]) }
        durations.subtract(other.durations)
        bytesIn -= min(bytesIn, other.bytesIn)
        bytesOut -= min(bytesOut, other.bytesOut)
        failures -= min(failures, other.failures)
    }

    package static func == (left: Self, right: Self) -> Bool {
        for index in left.statuses.indices where left.statuses[index] != right.statuses[index] {
            return false
        }
        return left.durations == right.durations && left.bytesIn == right.bytesIn
            && left.bytesOut == right.bytesOut && left.failures == right.failures
    }
}
