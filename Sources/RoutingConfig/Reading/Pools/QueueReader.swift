import Balancing

/// Reads `max_requests` and `queue`: how many requests a target has at a time, and where others wait.
package struct QueueReader {
    let reader: NodeReader

    package static let keys = ["size", "timeout"]

    /// The maximum of `max_requests`: more than a process may have open.
    static let maxRequests = 1_000_000
    /// The maximum of `queue.size`: each request that waits holds a connection.
    static let maxSize = 10_000

    /// Nil: unlimited, or not valid.
    func maxRequests(_ node: YAMLNode) -> Int? {
        if node.text == "unlimited" { return nil }
        if node.integer == 0 {
            reader.report(
                .badValue,
                node,
                "`max_requests` must be at least 1",
                hint: "write `unlimited` for no limit; `berth stop` refuses all requests of a target"
            )
            return nil
        }
        return reader.integer(node, "`max_requests`", in: 1...Self.maxRequests)
    }

    func queue(_ node: YAMLNode) -> QueueSettings? {
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`queue`", "a mapping", hint: "write { size: 100, timeout: 5s }")
            return nil
        }
        var queue = QueueSettings()
        for pair in reader.mapping(node, "`queue`", known: Self.keys) ?? [] {
            switch pair.key.text {
            case "size":
                if let value = size(pair.value) { queue.size = value }
            case "timeout":
                if let value = reader.duration(pair.value, "`queue.timeout`") { queue.timeout = value }
            default:
                break
            }
        }
        return queue
    }

    private func size(_ node: YAMLNode) -> Int? {
        if node.integer == 0 {
            reader.report(
                .badValue,
                node,
                "`queue.size` must be at least 1",
                hint: "remove `queue`: then no request waits"
            )
            return nil
        }
        return reader.integer(node, "`queue.size`", in: 1...Self.maxSize)
    }
}
