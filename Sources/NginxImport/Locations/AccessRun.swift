/// Consecutive `allow` or `deny` directives of a block. The first run that has the client's address applies.
struct AccessRun {
    /// Addresses and networks; empty: all clients.
    var clients: [String]
    let isAllowed: Bool

    /// The runs that apply to a request; the last one has all clients.
    static func runs(_ context: RuleContext) -> [AccessRun] {
        var runs: [AccessRun] = []
        let lines =
            context.blocks.last { block in block.contains { $0.name == "allow" || $0.name == "deny" } } ?? []
        for line in lines where line.name == "allow" || line.name == "deny" {
            let isAllowed = line.name == "allow"
            guard let network = line.argument(0), network != "unix:" else { continue }
            if network == "all" { return runs + [AccessRun(clients: [], isAllowed: isAllowed)] }
            if runs.last?.isAllowed == isAllowed {
                runs[runs.count - 1].clients.append(network)
            } else {
                runs.append(AccessRun(clients: [network], isAllowed: isAllowed))
            }
        }
        return runs + [AccessRun(clients: [], isAllowed: true)]
    }
}
