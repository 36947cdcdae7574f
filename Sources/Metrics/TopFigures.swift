/// What is counted of one key of a top list, since it is in the list.
package struct TopFigures: Sendable, Equatable {
    package var requests: UInt64 = 0
    package var bytes: UInt64 = 0
    package var errors: UInt64 = 0

    package init(requests: UInt64 = 0, bytes: UInt64 = 0, errors: UInt64 = 0) {
        self.requests = requests
        self.bytes = bytes
        self.errors = errors
    }

    package mutating func add(_ other: TopFigures) {
        requests &+= other.requests
        bytes &+= other.bytes
        errors &+= other.errors
    }
}
