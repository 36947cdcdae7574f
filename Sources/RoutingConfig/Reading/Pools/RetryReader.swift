package import Balancing
import Routing

/// Reads `retry_on` and `retries`: when a request is sent again.
package struct RetryReader {
    let reader: NodeReader

    package static let keys = ["attempts", "total_time", "body", "budget"]

    /// The words of `retry_on`; any other item is a status.
    package static let words: [(name: String, condition: RetrySettings.Condition)] = [
        ("connect_failure", .connectFailure), ("empty_response", .emptyResponse),
        ("response_timeout", .responseTimeout), ("junk_response", .junkResponse),
    ]

    static let statuses = 401...599
    static let attempts = 1...64
    /// The maximum of `retries.body`, bytes: each request in flight may keep as much.
    static let maxBodyBytes: UInt64 = 16 << 20

    /// Words of HAProxy, nginx and Envoy.
    private static let foreign = [
        "conn-failure": "connect_failure", "connect-failure": "connect_failure", "error": "connect_failure",
        "refused-stream": "connect_failure", "reset": "empty_response", "empty-response": "empty_response",
        "response-timeout": "response_timeout", "timeout": "response_timeout",
        "junk-response": "junk_response", "invalid_header": "junk_response",
        "5xx": "500, 502, 503, 504", "gateway-error": "502, 503, 504", "http_5xx": "500, 502, 503, 504",
    ]

    /// Connection failures are always among them.
    func conditions(_ node: YAMLNode) -> Set<RetrySettings.Condition> {
        var conditions = RetrySettings().conditions
        let items = reader.list(node, "`retry_on`", example: "connect_failure, 502, 503") ?? []
        for item in items {
            if let condition = condition(item) { conditions.insert(condition) }
        }
        return conditions
    }

    private func condition(_ node: YAMLNode) -> RetrySettings.Condition? {
        if node.integer != nil {
            return reader.integer(node, "a status of `retry_on`", in: Self.statuses).map { .status($0) }
        }
        guard let text = reader.text(node, "each of `retry_on`") else { return nil }
        if let word = Self.words.first(where: { $0.name == text }) { return word.condition }
        let names = Self.words.map(\.name)
        let hint: String
        if let meant = Self.foreign[text] {
            hint = "write \(meant)"
        } else if let status = Int(text.drop { !$0.isNumber }), Self.statuses.contains(status) {
            hint = "write \(status)"
        } else if let near = Suggestion.nearest(to: text, in: names) {
            hint = "did you mean `\(near)`?"
        } else {
            hint = "known: " + names.joined(separator: ", ") + ", and statuses such as 502"
        }
        reader.report(
            .badValue,
            node,
            "`\(YAMLNode.shortened(text))` is not a reason to send a request again",
            hint: hint
        )
        return nil
    }

    func read(_ node: YAMLNode, into settings: inout RetrySettings) {
        for pair in reader.mapping(node, "`retries`", known: Self.keys) ?? [] {
            switch pair.key.text {
            case "attempts":
                if let value = reader.integer(pair.value, "`retries.attempts`", in: Self.attempts) {
                    settings.attempts = value
                }
            case "total_time":
                if let value = reader.duration(pair.value, "`retries.total_time`") {
                    settings.totalTime = value
                }
            case "body":
                if let value = reader.bytes(pair.value, "`retries.body`", in: 0...Self.maxBodyBytes) {
                    settings.bodyBytes = Int(value)
                }
            case "budget":
                if let value = budget(pair.value) { settings.budget = value }
            default:
                break
            }
        }
    }

    /// `20` or `20%`.
    private func budget(_ node: YAMLNode) -> Int? {
        guard let text = node.text, text.hasSuffix("%"), let value = Int(text.dropLast()) else {
            return reader.integer(node, "`retries.budget`", in: 0...100)
        }
        if (0...100).contains(value) { return value }
        reader.report(.badValue, node, "`retries.budget` must be from 0 to 100 percent, not \(value)")
        return nil
    }
}
