/// Why an endpoint got a request.
package enum PickReason: UInt8, Sendable, CaseIterable {
    /// It was its turn by the method of its pool, or of all targets.
    case method
    /// The client's token names it.
    case sticky
    /// Those whose turn it was are down, drain, have no room, or were tried.
    case instead
    /// No endpoint was well: they are tried all the same.
    case lastResort

    /// For people.
    package var words: String {
        switch self {
        case .method: "its turn"
        case .sticky: "the client's token names it"
        case .instead: "in place of one that is avoided, full or tried"
        case .lastResort: "no endpoint is well: one was tried all the same"
        }
    }
}
