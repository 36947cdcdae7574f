import Routing

/// Reads `access_log`, of a rule or of the whole set.
struct AccessLogReader {
    let reader: NodeReader

    private static let keys = ["sample", "only", "errors"]
    private static let hint = "write `off`, `all`, or access_log: { sample: 10%, only: [4xx, 5xx] }"

    /// - Returns: nil where there are errors.
    func policy(_ node: YAMLNode) -> AccessLogPolicy? {
        guard case .mapping = node.content else {
            switch node.text {
            case "off": return .off
            case "all": return .all
            default:
                reader.reportUnfit(node, "`access_log`", "`off`, `all` or a mapping", hint: Self.hint)
                return nil
            }
        }
        guard let pairs = reader.mapping(node, "`access_log`", known: Self.keys) else { return nil }
        var policy = AccessLogPolicy()
        for pair in pairs {
            switch pair.key.text {
            case "sample": policy.sample = reader.share(pair.value, "`sample`") ?? .all
            case "only":
                policy.only = reader.statuses(
                    pair.value,
                    "`only`",
                    ifEmpty: "no request would be logged",
                    hint: "remove the key to log requests of every status"
                )
            case "errors": policy.keepsErrors = keepsErrors(pair.value)
            default: break
            }
        }
        guard pairs.allSatisfy({ Self.keys.contains($0.key.text ?? "") }) else { return nil }
        if policy == .all {
            reader.report(
                .missingKey,
                node,
                "`access_log` changes nothing: all requests are logged",
                hint: Self.hint
            )
        } else if !policy.keepsErrors, policy.sample.isAll, policy.only == .all, let errors = node["errors"] {
            reader.report(
                .conflictingKeys,
                errors,
                "`errors` has no effect without `sample` or `only`: all requests are logged",
                hint: Self.hint
            )
        }
        return policy
    }

    private func keepsErrors(_ node: YAMLNode) -> Bool {
        switch node.text {
        case "all": return true
        case "sampled": return false
        default:
            reader.report(
                .badValue,
                node,
                "`errors` can only be `all` or `sampled`",
                hint: "`all` logs each error; `sampled` treats errors as all other requests"
            )
            return true
        }
    }
}

extension NodeReader {
    /// `10%`.
    func share(_ node: YAMLNode, _ key: String) -> SampleShare? {
        guard let text = text(node, key) else { return nil }
        if let share = SampleShare(text) { return share }
        report(
            .badValue,
            node,
            "\(key) must be a percentage of more than 0% and at most 100%, not `\(YAMLNode.shortened(text))`",
            hint: "write 10% or 0.5%, with at most four decimals"
        )
        return nil
    }

    /// A list of statuses: `404`, `5xx`, `200-299`.
    ///
    /// - Parameters:
    ///   - ifEmpty: what an empty list means.
    ///   - hint: what to do with an empty list.
    func statuses(_ node: YAMLNode, _ key: String, ifEmpty: String, hint: String) -> StatusSet {
        guard let items = list(node, key, example: "200, 3xx") else { return .all }
        var ranges: [ClosedRange<Int>] = []
        for item in items {
            guard let text = text(item, "each of \(key)") else { continue }
            if let range = StatusSet.range(text) {
                ranges.append(range)
            } else {
                report(
                    .badValue,
                    item,
                    "`\(YAMLNode.shortened(text))` is not a status from 200 to 599",
                    hint: "write 404, 5xx or 200-299"
                )
            }
        }
        if items.isEmpty { report(.badValue, node, "\(key) is empty: \(ifEmpty)", hint: hint) }
        return StatusSet(ranges)
    }
}
