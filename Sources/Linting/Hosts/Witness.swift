import Routing

/// What a table decides for a host, in words that can be compared.
enum Witness {
    /// An address for documentation (RFC 5737): the client does not matter here.
    private static let client = IPAddress("192.0.2.1")

    static func decision(_ table: RouteTable, _ host: HostName) -> Decision? {
        client.map { table.decide(host: host, client: $0) }
    }

    static func outcome(_ table: RouteTable, _ host: HostName) -> String {
        guard let decision = decision(table, host) else { return "" }
        return "\(outcome(decision)) \(decision.response?.lines ?? [])"
    }

    private static func outcome(_ decision: Decision) -> String {
        switch decision.outcome {
        case .forward(let forward):
            let set = forward.setHeaders.map { "\($0)" }.joined(separator: ",")
            let more = "\(forward.hostHeader ?? []) \(forward.requestTarget ?? []) \(set)"
            return "forward to \(forward.target) \(more)"
        case .redirect(let status, let location): return "redirect \(status) \(location)"
        case .respond(let status, let type, let body): return "respond \(status) \(type ?? "") \(body)"
        case .refuse(let refusal): return "refuse \(refusal.reason.token)"
        }
    }
}
