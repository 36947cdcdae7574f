package import DryRun

/// The result of a case's request, with the keys of `expect`.
package struct Outcome: Sendable {
    package let value: OutcomeValue

    package init(_ report: DryRunReport) {
        var entries: [OutcomeValue.Entry] = []
        func add(_ key: String, _ value: OutcomeValue?) {
            if let value { entries.append(OutcomeValue.Entry(key: key, value: value)) }
        }
        add("status", report.status.map { .text(String($0)) })
        add("cause", report.reason.map { .text($0) })
        add("redirect", report.tiers.last?.redirect.map { .text($0) })
        for tier in report.tiers { add(tier.tier, Self.tier(tier)) }
        add("request", report.received.map { .text($0.requestLine) })
        add("headers", report.received.map(Self.fields))
        value = .map(entries)
    }

    /// What `--update` writes into a case without `expect`: where the request goes and why.
    var summary: OutcomeValue {
        guard case .map(let entries) = value else { return value }
        return .map(
            entries.compactMap { entry in
                switch entry.key {
                case "request", "headers": return nil
                case "front", "local":
                    guard case .map(let parts) = entry.value else { return entry }
                    let kept = parts.filter { ["rule", "captures", "target"].contains($0.key) }
                    return kept.isEmpty ? nil : OutcomeValue.Entry(key: entry.key, value: .map(kept))
                default: return entry
                }
            }
        )
    }

    private static func tier(_ tier: DryRunReport.Tier) -> OutcomeValue {
        var entries: [OutcomeValue.Entry] = []
        func add(_ key: String, _ value: OutcomeValue) {
            entries.append(OutcomeValue.Entry(key: key, value: value))
        }
        if let rule = tier.rule { add("rule", .text(rule)) }
        if !tier.captures.isEmpty {
            var captures: [OutcomeValue.Entry] = []
            // Host and path may both have a group without a name: as in templates, the host's is used.
            for capture in tier.captures where !captures.contains(where: { $0.key == capture.name }) {
                captures.append(OutcomeValue.Entry(key: capture.name, value: .text(capture.value)))
            }
            add("captures", .map(captures))
        }
        if let target = tier.target { add("target", .text(target)) }
        if let client = tier.client { add("client", .text(client)) }
        if !tier.endpoints.isEmpty { add("endpoints", .list(tier.endpoints.map { .text($0) })) }
        if let response = tier.response { add("response", .list(response.map { .text($0) })) }
        return .map(entries)
    }

    /// Several fields of one name become a list.
    private static func fields(_ request: ReceivedRequest) -> OutcomeValue {
        var names: [String] = []
        var values: [String: [OutcomeValue]] = [:]
        for header in request.headers {
            let key = header.name.lowercased()
            if values[key] == nil { names.append(header.name) }
            values[key, default: []].append(.text(header.value))
        }
        return .map(
            names.map { name in
                let list = values[name.lowercased()] ?? []
                return OutcomeValue.Entry(key: name, value: list.count == 1 ? list[0] : .list(list))
            }
        )
    }
}
