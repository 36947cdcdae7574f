/// Consecutive `allow` or `deny` directives of a block. The first run that has the client's address applies.
struct AccessRun {
    /// Addresses and networks; empty: all clients.
    var clients: [String]
    let isAllowed: Bool

    /// The runs that apply to a request; the last one has all clients.
    ///
    /// - Throws: if nginx takes the client's address from elsewhere.
    static func runs(_ context: RuleContext) throws(Untranslatable) -> [AccessRun] {
        var runs: [AccessRun] = []
        let lines = context.accessRules
        if lines.contains(where: { $0.argument(0) != "all" }), let line = context.nearest("set_real_ip_from")
        {
            throw Untranslatable(
                line.name,
                at: line.position,
                "`\(lines[0].text())` is about an address from a field: the rule responds with 501"
            )
        }
        for line in lines {
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
