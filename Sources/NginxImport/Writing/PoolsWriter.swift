import Routing
import RoutingConfig

/// Writes the `pools` that upstream groups become.
struct PoolsWriter {
    let names: TargetNames

    func lines() -> [ImportedRule.Line] {
        let pools = names.groupsInOrder.filter(\.isPool)
        if pools.isEmpty { return [] }
        return [.init(text: "pools:", position: nil)] + pools.flatMap(lines)
    }

    private func lines(_ group: UpstreamGroup) -> [ImportedRule.Line] {
        var lines: [ImportedRule.Line] = [
            .init(text: "  - name: \(YAMLText.scalar(group.name))", position: group.position),
            .init(text: "    endpoints:", position: nil),
        ]
        var seen: Set<String> = []
        for server in group.servers {
            // Berth has an address once in a group: an equal one adds its weight.
            guard let endpoint = server.endpoint, seen.insert(endpoint).inserted else { continue }
            let all = group.servers.filter { $0.endpoint == endpoint && !$0.isDown }
            let weight = all.reduce(0) { $0 + $1.weight }
            var keys = [(key: "address", value: YAMLText.quoted(endpoint))]
            if weight > 1 { keys.append(("weight", "\(min(weight, Int(UInt16.max)))")) }
            if all.isEmpty { keys.append(("down", "true")) }
            keys += (all.first ?? server).settings
            let text =
                keys.count == 1
                ? keys[0].value : "{ " + keys.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + " }"
            lines.append(.init(text: "      - \(text)", position: server.position))
        }
        for (key, value) in group.method?.keys ?? [] {
            let shown = key == "hash_key" ? YAMLText.quoted(value) : value
            lines.append(.init(text: "    \(key): \(shown)", position: group.method?.position))
        }
        return lines
    }
}
