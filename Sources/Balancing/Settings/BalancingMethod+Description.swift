extension BalancingMethod: CustomStringConvertible {
    /// As a rule file writes it: `round_robin`, `least_time header`; `hash consistent` for two keys.
    public var description: String {
        switch self {
        case .roundRobin: "round_robin"
        case .leastConnections: "least_conn"
        case .ipHash: "ip_hash"
        case .hash(let isConsistent): isConsistent ? "hash consistent" : "hash"
        case .maglev: "maglev"
        case .leastTime(let measure): "least_time \(measure.rawValue)"
        case .random(let two): two ? "random two" : "random"
        }
    }
}
