import Bytes
import Routing

/// Reads `split`: the targets that requests go to in place of the pool's. The compiler checks their names.
package struct SplitReader {
    let reader: NodeReader

    package static let keys = ["to", "weight", "header", "cookie", "value"]

    /// Items of one split.
    static let maxItems = 64

    /// What a pool may have besides `split`: the rest belongs to the pools of its parts.
    private static let companions: Set<String> = ["name", "match", "split", "sticky", "failover"]

    private static let example = "{ to: shop-v1, weight: 90 }, { to: shop-v2, weight: 10 }"

    /// - Parameter pairs: of the pool.
    func split(_ node: YAMLNode, _ pairs: [YAMLNode.Pair]) -> [SplitItem] {
        guard let items = reader.list(node, "`split`", example: Self.example) else { return [] }
        if items.isEmpty {
            reader.report(.badValue, node, "`split` is empty", hint: "write it as [\(Self.example)]")
        }
        if items.count > Self.maxItems {
            reader.report(.tooMany, node, "`split` has more than \(Self.maxItems) items")
            return []
        }
        for pair in pairs {
            guard let key = pair.key.text, PoolReader.keys.contains(key), !Self.companions.contains(key)
            else {
                continue
            }
            reader.report(
                .conflictingKeys,
                pair.key,
                "`\(key)` has no effect in a pool with `split`: its requests go to other targets",
                hint: "write it in the pools of these targets"
            )
        }
        let read = items.compactMap(item)
        // What is missing would only be reported as another error.
        return read.count == items.count ? read : []
    }

    private func item(_ node: YAMLNode) -> SplitItem? {
        guard case .mapping = node.content else {
            reader.reportUnfit(
                node,
                "each of `split`",
                "a mapping",
                hint: "write { to: shop-v1, weight: 90 }"
            )
            return nil
        }
        guard reader.mapping(node, "an item of `split`", known: Self.keys) != nil else { return nil }
        let share = share(node)
        guard let to = node["to"] else {
            let hint = "write { to: shop-v1, weight: 90 }"
            reader.report(.missingKey, node, "this item of `split` has no `to`", hint: hint)
            return nil
        }
        guard let text = reader.text(to, "`to`"), let share else { return nil }
        return SplitItem(to: text, share)
    }

    /// Without any key: the weight 1, as an endpoint has.
    private func share(_ node: YAMLNode) -> SplitItem.Share? {
        let given = ["weight", "header", "cookie"].filter { node[$0] != nil }
        guard given.count < 2 else {
            reader.report(
                .conflictingKeys,
                node[given[1]] ?? node,
                "an item of `split` has either `weight`, `header` or `cookie`",
                hint: "write two items with the same `to`"
            )
            return nil
        }
        if let value = node["value"], node["header"] == nil, node["cookie"] == nil {
            let hint = "it belongs to `header` and `cookie`"
            reader.report(.conflictingKeys, value, "`value` has no effect here", hint: hint)
            return nil
        }
        if let header = node["header"] {
            guard let name = name(header, "`header`"), isValid(node["value"]) else { return nil }
            return .header(name, value: Self.value(node))
        }
        if let cookie = node["cookie"] {
            guard let name = name(cookie, "`cookie`"), isValid(node["value"]) else { return nil }
            return .cookie(name, value: Self.value(node))
        }
        guard let weight = node["weight"] else { return .weight(1) }
        return reader.integer(weight, "`weight`", in: 0...Int(UInt16.max)).map { .weight(UInt16($0)) }
    }

    private func name(_ node: YAMLNode, _ key: String) -> String? {
        guard let name = reader.text(node, key) else { return nil }
        if !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) { return name }
        let kind = key == "`cookie`" ? "cookie" : "header field"
        reader.report(.badValue, node, "`\(YAMLNode.shortened(name))` is not a valid \(kind) name")
        return nil
    }

    /// Nil: any value counts.
    private static func value(_ node: YAMLNode) -> String? {
        node["value"]?.text.flatMap { $0 == "*" ? nil : $0 }
    }

    private func isValid(_ value: YAMLNode?) -> Bool {
        guard let value else { return true }
        guard let text = reader.text(value, "`value`") else { return false }
        guard text.hasPrefix("~") else { return true }
        reader.report(
            .badValue,
            value,
            "a `value` of `split` is not a pattern",
            hint: "write the value, or `'*'` for any; for patterns, write a rule with `headers`"
        )
        return false
    }
}
