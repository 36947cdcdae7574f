import Settings

/// Reads `tracing`.
struct TracingReader {
    static let keys = ["endpoint", "sample", "accept"]
    private static let example = "http://127.0.0.1:4318/v1/traces"

    let reader: NodeReader

    /// Nil: it is not valid, which has been reported.
    func settings(_ node: YAMLNode) -> TracingSettings? {
        guard let pairs = reader.mapping(node, "`tracing`", known: Self.keys) else { return nil }
        guard let endpointNode = pairs.first(where: { $0.key.text == "endpoint" })?.value,
            !endpointNode.isNull
        else {
            reader.report(
                .missingKey,
                node,
                "`tracing` needs an `endpoint`",
                hint: "write the URL of a collector that takes OTLP over HTTP: endpoint: '\(Self.example)'"
            )
            return nil
        }
        guard let endpoint = endpoint(endpointNode) else { return nil }
        var settings = TracingSettings(endpoint: endpoint)
        for pair in pairs where !pair.value.isNull {
            switch pair.key.text {
            case "sample":
                guard let sample = share(pair.value) else { return nil }
                settings.sample = sample
            case "accept":
                guard let accept = acceptance(pair.value) else { return nil }
                settings.accept = accept
            default: break
            }
        }
        return settings
    }

    private func endpoint(_ node: YAMLNode) -> String? {
        guard let text = reader.text(node, "`tracing.endpoint`") else { return nil }
        let rest = ["http://", "https://"].first { text.hasPrefix($0) }.map { text.dropFirst($0.utf8.count) }
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard let rest, isPlain,
            let authority = rest.split(separator: "/", omittingEmptySubsequences: false).first,
            !authority.isEmpty, !authority.contains("@")
        else {
            let hint = "write it like \(Self.example)"
            reader.report(
                .badValue,
                node,
                "`tracing.endpoint` must be an http or https URL without a password, not `\(YAMLNode.shortened(text))`",
                hint: hint
            )
            return nil
        }
        guard rest.dropFirst(authority.count).count > 1 else {
            // A collector responds 404 to anything else, and nobody would see a span.
            reader.report(
                .badValue,
                node,
                "`tracing.endpoint` has no path",
                hint:
                    "collectors take traces at /v1/traces: write \(text.hasSuffix("/") ? String(text.dropLast()) : text)/v1/traces"
            )
            return nil
        }
        return text
    }

    /// `1%`, `0.5%`, or a number from 0 to 1.
    private func share(_ node: YAMLNode) -> Double? {
        guard let text = reader.text(node, "`tracing.sample`") else { return nil }
        let isPercent = text.hasSuffix("%")
        let number = isPercent ? String(text.dropLast()) : text
        let isPlain = number.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }
        if isPlain, let value = Double(number), value <= (isPercent ? 100 : 1) {
            return isPercent ? value / 100 : value
        }
        let hint = isPlain && !isPercent ? "did you mean `\(number)%`?" : "write it as 1%, 100%, or 0.01"
        reader.report(
            .badValue,
            node,
            "`tracing.sample` must be a share from 0% to 100%, not `\(YAMLNode.shortened(text))`",
            hint: hint
        )
        return nil
    }

    private func acceptance(_ node: YAMLNode) -> TracingSettings.Acceptance? {
        guard let text = reader.text(node, "`tracing.accept`") else { return nil }
        if let accept = TracingSettings.Acceptance(rawValue: text) { return accept }
        reader.report(
            .badValue,
            node,
            "`tracing.accept` must be `trusted` or `all`, not `\(YAMLNode.shortened(text))`",
            hint: "`trusted` continues the traces of peers in `trusted_proxies` alone"
        )
        return nil
    }
}
