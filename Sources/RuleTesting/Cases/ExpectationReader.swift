import ProxyCore
import RoutingConfig

/// Checks the keys and values under `expect`: a mistyped key would otherwise pass for ever.
struct ExpectationReader {
    let reader: NodeReader
    /// The tiers that the file has rules for.
    let tiers: [String]

    func check(_ node: YAMLNode) {
        for pair in reader.mapping(node, "`expect`", known: Expectation.keys) ?? [] {
            guard let key = pair.key.text, !pair.value.isNull else { continue }
            switch key {
            case "status": _ = reader.integer(pair.value, "`status`", in: 100...599)
            case "cause": checkCause(pair.value)
            case "redirect", "request": _ = reader.text(pair.value, "`\(key)`")
            case "front", "local": checkTier(key, pair)
            case "headers":
                for field in reader.mapping(pair.value, "`headers`") ?? [] {
                    checkTexts(field, in: "`headers`")
                }
            default: break
            }
        }
    }

    private func checkCause(_ node: YAMLNode) {
        guard let text = reader.text(node, "`cause`"), Failure.Reason(rawValue: text) == nil else { return }
        if let new = RenamedCause.names[text] {
            let hint = "docs/errors.md lists the causes"
            return reader.report(.renamed, node, "the cause `\(text)` is now called `\(new)`", hint: hint)
        }
        let known = Failure.Reason.allCases.map(\.rawValue)
        let hint = Suggestion.nearest(to: text, in: known).map { "did you mean `\($0)`?" }
        reader.report(
            .badValue,
            node,
            "`\(YAMLNode.shortened(text))` is not a valid cause of a refusal",
            hint: hint ?? "docs/errors.md lists all causes"
        )
    }

    private func checkTier(_ name: String, _ pair: YAMLNode.Pair) {
        if !tiers.contains(name) {
            reader.report(
                .badValue,
                pair.key,
                "the file has no rules for the \(name) tier",
                hint: "name them at the top of the file: \(name): \(name).yaml"
            )
        }
        for pair in reader.mapping(pair.value, "`\(name)`", known: Expectation.tierKeys) ?? [] {
            guard let key = pair.key.text, !pair.value.isNull else { continue }
            switch key {
            case "captures":
                for capture in reader.mapping(pair.value, "`captures`") ?? [] where !capture.value.isNull {
                    _ = reader.text(capture.value, "`\(capture.key.text ?? "")` in `captures`")
                }
            case "endpoints", "response": checkTexts(pair, in: "`\(name)`")
            case "rule", "client", "target": _ = reader.text(pair.value, "`\(key)`")
            default: break
            }
        }
    }

    /// A text, a list of texts, or `~`.
    private func checkTexts(_ pair: YAMLNode.Pair, in key: String) {
        let name = "`\(pair.key.text ?? "")` in \(key)"
        if case .sequence = pair.value.content {
            _ = reader.texts(pair.value, name, example: "text")
        } else if !pair.value.isNull {
            _ = reader.text(pair.value, name)
        }
    }
}
