/// Who gets the next request.
public enum BalancingMethod: Sendable, Hashable {
    /// In turn, in proportion to the weights, spread evenly: the sequence of nginx.
    case roundRobin
    /// The one with the fewest requests for its weight; among equals in turn.
    case leastConnections
    /// By the client's address: the first three octets of IPv4, the whole of IPv6. The choice of nginx.
    case ipHash
    /// By a key: the choice of nginx for the same list, weights and key.
    ///
    /// - Parameter consistent: on a ring (Ketama), so that few keys move when the list changes.
    case hash(consistent: Bool)
    /// By a key, with a table in which every endpoint has its share exactly; few keys move when the list changes.
    case maglev
    /// The one that responds fastest for the requests that it has (peak-sensitive moving average).
    case leastTime(Measure)
    /// At random in proportion to the weights.
    ///
    /// - Parameter two: of two that are chosen at random the one with fewer requests for its weight.
    case random(two: Bool)

    /// Up to where a response is measured.
    public enum Measure: String, Sendable, Hashable, CaseIterable {
        case header
        case lastByte = "last_byte"
    }

    /// The pick depends on a key of the request.
    public var usesKey: Bool {
        switch self {
        case .ipHash, .hash, .maglev: true
        case .roundRobin, .leastConnections, .leastTime, .random: false
        }
    }
}
