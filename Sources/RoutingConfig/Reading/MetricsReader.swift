import Bytes
import Routing
import Settings

/// Reads `metrics`.
struct MetricsReader {
    /// The shortest interval of a ledger.
    private static let shortest = Duration.seconds(1)

    let reader: NodeReader

    /// Takes over what stands in a mapping.
    ///
    /// - Parameter isFirst: whether no other file has set the key; if one has, that is reported.
    func read(
        _ node: YAMLNode,
        into settings: inout MetricsSettings,
        isFirst: (_ key: YAMLNode, _ name: String) -> Bool
    ) {
        let known = MetricsSettings.settings
        for pair in reader.mapping(node, "`metrics`", known: known.map(\.key)) ?? [] {
            guard let setting = known.first(where: { $0.key == pair.key.text }), !pair.value.isNull,
                isFirst(pair.key, "metrics.\(setting.key)")
            else { continue }
            reader.read(setting, pair.value, into: &settings) { key, node, settings in
                switch key {
                case "exclude": settings.excludedPaths = paths(node)
                default: settings.ledger = ledger(node)
                }
            }
        }
    }

    private func paths(_ node: YAMLNode) -> [String] {
        (reader.list(node, "`metrics.exclude`", example: "/healthz") ?? []).compactMap { item in
            guard let text = reader.text(item, "each of `metrics.exclude`") else { return nil }
            let isPath =
                text.utf8.first == UInt8(ascii: "/")
                && text.utf8.allSatisfy { $0 > ASCII.space && $0 < 0x7F && $0 != UInt8(ascii: "#") }
            guard isPath, !text.contains("?") else {
                reader.report(
                    .badValue,
                    item,
                    "`\(YAMLNode.shortened(text))` is not a path",
                    hint: "write the whole path as clients send it, without a query: /healthz"
                )
                return nil
            }
            return text
        }
    }

    private func ledger(_ node: YAMLNode) -> LedgerSettings? {
        let known = LedgerSettings.settings
        guard let pairs = reader.mapping(node, "`metrics.ledger`", known: known.map(\.key)) else {
            return nil
        }
        var settings = LedgerSettings()
        for pair in pairs {
            guard let setting = known.first(where: { $0.key == pair.key.text }) else { continue }
            reader.read(setting, pair.value, into: &settings)
        }
        guard pairs.contains(where: { $0.key.text == "file" }),
            pairs.contains(where: { $0.key.text == "by" })
        else {
            reader.report(
                .missingKey,
                node,
                "`metrics.ledger` needs `file` and `by`",
                hint: "write ledger: { file: /var/log/berth/ledger.jsonl, by: container }"
            )
            return nil
        }
        if settings.every < Self.shortest, let every = node["every"] {
            reader.report(.badValue, every, "`ledger.every` must be at least 1s")
            return nil
        }
        if let by = settings.by, let node = node["by"], !Self.isName(by) {
            reader.report(
                .badValue,
                node,
                "`\(YAMLNode.shortened(by))` is not the name of a capture",
                hint: "write the name alone: `container` for (?<container>…)"
            )
            return nil
        }
        return settings
    }

    private static func isName(_ text: String) -> Bool {
        text.utf8.allSatisfy { ASCII.isWord($0) }
    }
}
