import Bytes
import Routing

/// Reads `tap` of a rule.
struct TapReader {
    let reader: NodeReader

    private static let keys = ["heads", "bodies", "sample", "redact", "redact_query"]
    private static let hint = "write tap: { heads: true, bodies: 16KiB, sample: 1% }"

    /// - Returns: nil where there are errors.
    func policy(_ node: YAMLNode) -> TapPolicy? {
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`tap`", "a mapping", hint: Self.hint)
            return nil
        }
        guard let pairs = reader.mapping(node, "`tap`", known: Self.keys) else { return nil }
        var policy = TapPolicy()
        var isValid = true
        for pair in pairs {
            switch pair.key.text {
            case "heads":
                let heads = reader.flag(pair.value, "`heads`")
                policy.heads = heads ?? true
                isValid = isValid && heads != nil
            case "bodies":
                let limit = UInt64(TapPolicy.maxBodyBytes)
                let bytes = reader.bytes(pair.value, "`bodies`", in: 0...limit)
                policy.bodyBytes = bytes.map { Int($0) } ?? 0
                isValid = isValid && bytes != nil
            case "sample":
                let share = reader.share(pair.value, "`sample`")
                policy.sample = share ?? .all
                isValid = isValid && share != nil
            case "redact":
                let names = fieldNames(pair.value)
                policy.redactedFields += names ?? []
                isValid = isValid && names != nil
            case "redact_query":
                let names = reader.texts(pair.value, "`redact_query`", example: "token")
                policy.redactedParameters = (names ?? []).map { $0.utf8.map(ASCII.lowercased) }
                isValid = isValid && names != nil
            default: isValid = false
            }
        }
        if !policy.heads, policy.bodyBytes == 0 {
            reader.report(
                .missingKey,
                node,
                "`tap` records nothing: neither heads nor bodies",
                hint: Self.hint
            )
            isValid = false
        }
        // What was to be redacted, and could not be read, must not be recorded.
        return isValid ? policy : nil
    }

    private func fieldNames(_ node: YAMLNode) -> [[UInt8]]? {
        guard let items = reader.list(node, "`redact`", example: "authorization") else { return nil }
        let names = items.compactMap { item -> [UInt8]? in
            guard let name = reader.text(item, "each of `redact`") else { return nil }
            guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else {
                reader.report(
                    .badValue,
                    item,
                    "`\(YAMLNode.shortened(name))` is not a valid header field name",
                    hint: "write redact: [authorization, x-api-key]"
                )
                return nil
            }
            return name.utf8.map(ASCII.lowercased)
        }
        return names.count == items.count ? names : nil
    }
}
