import Balancing
import Bytes
import PCRE2
import Routing

/// Reads `health`: how the endpoints of a pool are checked.
package struct HealthCheckReader {
    let reader: NodeReader

    /// What belongs to a request of HTTP.
    package static let httpKeys = ["path", "method", "host", "status", "body"]
    package static let keys =
        ["tcp"] + httpKeys + ["port", "interval", "timeout", "rise", "fall", "start"]

    /// The maximum of `rise` and `fall`.
    static let maxCount = 1_000

    func check(_ node: YAMLNode) -> HealthCheck? {
        if node.text == "tcp" {
            var check = HealthCheck()
            check.kind = .tcp
            return check
        }
        guard case .mapping = node.content else {
            let hint = "write { path: /healthz, interval: 5s }, or `tcp`"
            reader.reportUnfit(node, "`health`", "a mapping or `tcp`", hint: hint)
            return nil
        }
        guard let pairs = reader.mapping(node, "`health`", known: Self.keys) else { return nil }
        var given: [String: YAMLNode] = [:]
        for pair in pairs {
            if let key = pair.key.text, given[key] == nil { given[key] = pair.value }
        }
        var check = HealthCheck()
        if let flag = given["tcp"], reader.flag(flag, "`health.tcp`") == true {
            check.kind = .tcp
            for pair in pairs where Self.httpKeys.contains(pair.key.text ?? "") {
                reader.report(
                    .conflictingKeys,
                    pair.key,
                    "`\(pair.key.text ?? "")` has no effect on a check with `tcp`",
                    hint: "remove `tcp` to check with a request"
                )
            }
        } else {
            check.kind = .http(request(given))
        }
        readTimes(given, into: &check)
        return check
    }

    private func request(_ given: [String: YAMLNode]) -> HealthCheck.HTTP {
        var http = HealthCheck.HTTP()
        if let node = given["path"], let path = path(node) { http.path = path }
        if let node = given["method"], let method = reader.text(node, "`health.method`") {
            if method.isEmpty || !method.utf8.allSatisfy(ASCII.isToken) {
                reader.report(.badValue, node, "`\(YAMLNode.shortened(method))` is not a valid HTTP method")
            } else {
                http.method = method
            }
        }
        if let node = given["host"], let host = reader.text(node, "`health.host`") {
            do throws(HostError) {
                _ = try HostName(host)
                http.host = host
            } catch {
                let message = "`\(YAMLNode.shortened(host))` is not a valid `Host`: \(error)"
                reader.report(.badValue, node, message)
            }
        }
        if let node = given["status"] { http.statuses = statuses(node) }
        if let node = given["body"], let pattern = reader.text(node, "`health.body`") {
            do throws(PatternError) {
                _ = try Pattern(pattern)
                http.body = pattern
            } catch {
                reader.report(.badPattern, node, at: error.offset..<error.offset, error.message)
            }
        }
        return http
    }

    private func path(_ node: YAMLNode) -> String? {
        guard let path = reader.text(node, "`health.path`") else { return nil }
        guard path.hasPrefix("/") else {
            let hint =
                path.contains("://") ? "write the path alone, and the name in `host`" : "write `/\(path)`"
            reader.report(.badValue, node, "the path does not begin with `/`", hint: hint)
            return nil
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            reader.report(.badValue, node, "a URL cannot have this character", hint: "percent-encode it")
            return nil
        }
        return path
    }

    /// `200`, `'2xx'`, `'200-399'`, or a list of them.
    private func statuses(_ node: YAMLNode) -> [ClosedRange<Int>] {
        var items = [node]
        if case .sequence(let list) = node.content { items = list }
        if items.isEmpty {
            reader.report(.badValue, node, "`health.status` is empty: no response would be healthy")
        }
        return items.compactMap { item in
            guard let text = reader.text(item, "`health.status`") else { return nil }
            if let range = StatusSet.range(text) { return range }
            reader.report(
                .badValue,
                item,
                "`\(YAMLNode.shortened(text))` is not a status from 200 to 599",
                hint: "write 200, 2xx, 200-399, or a list of them: [200, 204]"
            )
            return nil
        }
    }

    private func readTimes(_ given: [String: YAMLNode], into check: inout HealthCheck) {
        if let node = given["port"], let port = reader.integer(node, "`health.port`", in: 1...65_535) {
            check.port = UInt16(port)
        }
        if let node = given["interval"], let interval = reader.duration(node, "`health.interval`") {
            check.interval = interval
            check.timeout = min(check.timeout, interval)
        }
        if let node = given["timeout"], let timeout = reader.duration(node, "`health.timeout`") {
            check.timeout = timeout
            if timeout > check.interval {
                reader.report(
                    .badValue,
                    node,
                    "`health.timeout` is longer than `interval`: a check would start before the last one ends",
                    hint: "lower it, or raise `interval`"
                )
            }
        }
        if let node = given["rise"], let rise = reader.integer(node, "`health.rise`", in: 1...Self.maxCount) {
            check.rise = rise
        }
        if let node = given["fall"], let fall = reader.integer(node, "`health.fall`", in: 1...Self.maxCount) {
            check.fall = fall
        }
        if let node = given["start"], let word = reader.text(node, "`health.start`") {
            if let start = HealthCheck.Start(rawValue: word) {
                check.start = start
            } else {
                let words = HealthCheck.Start.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                let near = Suggestion.nearest(to: word, in: HealthCheck.Start.allCases.map(\.rawValue))
                let message = "`health.start` must be one of \(words), not `\(YAMLNode.shortened(word))`"
                reader.report(.badValue, node, message, hint: near.map { "did you mean `\($0)`?" })
            }
        }
    }
}
