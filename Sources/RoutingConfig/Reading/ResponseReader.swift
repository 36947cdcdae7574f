import Routing

/// Reads the keys of a rule that change responses.
struct ResponseReader {
    let reader: NodeReader

    // MARK: response_headers

    /// One mapping, or a list of them.
    func headers(_ node: YAMLNode) -> [ResponseHeaderEdit] {
        guard case .sequence(let items) = node.content else { return edit(node).map { [$0] } ?? [] }
        return items.compactMap(edit)
    }

    private static let keys = ["set", "add", "remove", "statuses", "errors"]

    private func edit(_ node: YAMLNode) -> ResponseHeaderEdit? {
        guard let pairs = reader.mapping(node, "`response_headers`", known: Self.keys) else { return nil }
        var edit = ResponseHeaderEdit()
        for pair in pairs {
            switch pair.key.text {
            case "set": edit.set = reader.fields(pair.value, "`set`").map(HeaderSetting.init)
            case "add": edit.add = reader.fields(pair.value, "`add`").map(HeaderSetting.init)
            case "remove": edit.remove = reader.texts(pair.value, "`remove`", example: "X-Debug") ?? []
            case "statuses": edit.statuses = statuses(pair.value)
            case "errors": edit.changesErrors = reader.flag(pair.value, "`errors`") ?? false
            default: break
            }
        }
        if pairs.allSatisfy({ ["statuses", "errors"].contains($0.key.text ?? "") }) {
            reader.report(
                .missingKey,
                node,
                "`response_headers` changes nothing",
                hint: "write response_headers: { set: { X-Frame-Options: DENY } }; or `add`, `remove`"
            )
        }
        return edit
    }

    private func statuses(_ node: YAMLNode) -> StatusSet {
        reader.statuses(
            node,
            "`statuses`",
            ifEmpty: "no response would be changed",
            hint: "remove the key to change responses of every status"
        )
    }

    // MARK: rewrite_location

    private static let hint =
        "write `default`, `off`, or a list: [{ from: 'http://app:8080/', to: '/' }]"

    /// `default`, `off`, or a list of pairs, in which `default` may stand, too.
    func locations(_ node: YAMLNode) -> [LocationRewrite] {
        if case .sequence(let items) = node.content { return items.compactMap(location) }
        switch node.text {
        case "default": return [.ownAddress]
        case "off": return []
        case _? where !node.isNull:
            reader.report(
                .badValue,
                node,
                "`rewrite_location` cannot be `\(YAMLNode.shortened(node.text ?? ""))`",
                hint: Self.hint
            )
        default: reader.reportUnfit(node, "`rewrite_location`", "`default`, `off` or a list", hint: Self.hint)
        }
        return []
    }

    private func location(_ node: YAMLNode) -> LocationRewrite? {
        if node.text == "default" { return .ownAddress }
        guard case .mapping = node.content else {
            reader.reportUnfit(
                node,
                "each of `rewrite_location`",
                "`default` or { from, to }",
                hint: Self.hint
            )
            return nil
        }
        guard reader.mapping(node, "`rewrite_location`", known: ["from", "to"]) != nil else { return nil }
        var parts: [String] = []
        for key in ["from", "to"] {
            guard let part = node[key] else {
                reader.report(.missingKey, node, "this item has no `\(key)`", hint: Self.hint)
                continue
            }
            if let text = reader.text(part, "`\(key)`") { parts.append(text) }
        }
        return parts.count == 2 ? .pair(from: parts[0], to: parts[1]) : nil
    }
}
