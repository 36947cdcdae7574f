import Balancing
import Routing

/// Reads the `endpoints` of a pool, and the settings of endpoints that a pool has for all of them.
package struct PoolEndpointReader {
    let reader: NodeReader

    /// What a pool and each of its endpoints may have; an endpoint's own value counts.
    package static let settings = ["weight", "max_conns", "max_fails", "fail_timeout", "slow_start"]
    package static let keys = ["address"] + settings + ["backup", "down", "drain"]

    /// The maximum of `max_conns`: more connections than a process may have open.
    static let maxConnections = 1_000_000
    static let maxFailures = 1_000

    private static let example = "10.0.0.2:8080, { address: 10.0.0.3:8080, weight: 3 }"

    func endpoints(_ node: YAMLNode, defaults: EndpointSettings) -> [PoolEndpoint] {
        guard let items = reader.list(node, "`endpoints`", example: Self.example) else { return [] }
        if items.isEmpty {
            reader.report(
                .badValue,
                node,
                "`endpoints` is empty",
                hint:
                    "write it as [\(Self.example)], or remove the key: then the name sources have the endpoints"
            )
        }
        var endpoints: [PoolEndpoint] = []
        var lines: [Endpoint: Int32] = [:]
        for item in items {
            guard let member = endpoint(item, defaults: defaults) else { continue }
            if let line = lines[member.endpoint] {
                reader.report(
                    .badValue,
                    item["address"] ?? item,
                    "the endpoint \(member.endpoint) occurs twice (first on line \(line))",
                    hint: "remove one of them; a `weight` gives an endpoint a larger share"
                )
                continue
            }
            lines[member.endpoint] = item.line
            endpoints.append(member)
        }
        return endpoints
    }

    private func endpoint(_ node: YAMLNode, defaults: EndpointSettings) -> PoolEndpoint? {
        switch node.content {
        case .scalar:
            return address(node).map { PoolEndpoint($0, settings: defaults) }
        case .sequence:
            let hint = "write it as 10.0.0.2:8080; an IPv6 address needs quotes: '[::1]:8080'"
            reader.reportUnfit(node, "an endpoint", "a text or a mapping", hint: hint)
            return nil
        case .mapping:
            break
        }
        guard let pairs = reader.mapping(node, "an endpoint", known: Self.keys) else { return nil }
        var given: [String: YAMLNode] = [:]
        for pair in pairs {
            if let key = pair.key.text, given[key] == nil { given[key] = pair.value }
        }
        var settings = defaults
        read(given, "an endpoint", into: &settings)
        if let flag = given["backup"] { settings.isBackup = reader.flag(flag, "`backup`") ?? false }
        settings.administrativeState = state(given)
        guard let address = given["address"] else {
            let hint = "write { address: 10.0.0.2:8080, … }"
            reader.report(.missingKey, node, "this endpoint has no `address`", hint: hint)
            return nil
        }
        return self.address(address).map { PoolEndpoint($0, settings: settings) }
    }

    private func state(_ given: [String: YAMLNode]) -> EndpointSettings.AdministrativeState {
        var isDown = false
        var drains = false
        if let flag = given["down"] { isDown = reader.flag(flag, "`down`") ?? false }
        if let flag = given["drain"] { drains = reader.flag(flag, "`drain`") ?? false }
        if isDown, drains, let flag = given["drain"] {
            reader.report(
                .conflictingKeys,
                flag,
                "an endpoint is either `down` or drains",
                hint: "with `drain`, only requests that are bound to it still go there; with `down`, none"
            )
        }
        return isDown ? .down : drains ? .drain : .up
    }

    /// Reads the keys of ``settings``.
    func read(_ given: [String: YAMLNode], _ owner: String, into settings: inout EndpointSettings) {
        if let node = given["weight"],
            let value = reader.integer(node, "`weight` of \(owner)", in: 0...Int(UInt16.max))
        {
            settings.weight = UInt16(value)
        }
        if let node = given["max_conns"] { readMaxConnections(node, into: &settings) }
        if let node = given["max_fails"],
            let value = reader.integer(node, "`max_fails`", in: 0...Self.maxFailures)
        {
            settings.maxFailures = value
        }
        if let node = given["fail_timeout"], let value = reader.duration(node, "`fail_timeout`") {
            settings.failTimeout = value
        }
        if let node = given["slow_start"], let value = reader.duration(node, "`slow_start`", zero: true) {
            settings.slowStart = value
        }
    }

    private func readMaxConnections(_ node: YAMLNode, into settings: inout EndpointSettings) {
        if node.text == "unlimited" {
            settings.maxConnections = nil
        } else if node.integer == 0 {
            reader.report(
                .badValue,
                node,
                "`max_conns` must be at least 1",
                hint: "write `unlimited` for no limit, or `down: true` for an endpoint that gets no requests"
            )
        } else if let value = reader.integer(node, "`max_conns`", in: 1...Self.maxConnections) {
            settings.maxConnections = value
        }
    }

    /// `10.0.0.2:8080`, `[::1]:8080`.
    private func address(_ node: YAMLNode) -> Endpoint? {
        guard let text = reader.text(node, "an endpoint") else { return nil }
        let shown = YAMLNode.shortened(text)
        if let endpoint = Endpoint(text) {
            if endpoint.port > 0 { return endpoint }
            reader.report(.badValue, node, "the port of `\(shown)` must be a number from 1 to 65535")
            return nil
        }
        if let address = IPAddress(text) {
            let written = Endpoint(address: address, port: 8080).description
            let quoted = address.isIPv4 ? written : "'\(written)'"
            reader.report(.badValue, node, "the endpoint `\(shown)` has no port", hint: "write \(quoted)")
            return nil
        }
        if text.contains("://") {
            let hint = "write an address and a port alone: 10.0.0.2:8080"
            reader.report(.badValue, node, "`\(shown)` is a URL, not an endpoint", hint: hint)
        } else if NamesReader.split(text).map({ IPAddress($0.host) != nil }) == true {
            reader.report(.badValue, node, "the port of `\(shown)` must be a number from 1 to 65535")
        } else if (try? HostName(text)) != nil {
            reader.report(
                .badValue,
                node,
                "`\(shown)` is not an address: the endpoints of a pool are not looked up",
                hint: "remove `endpoints`, and let a name source resolve the pool's name: "
                    + "`names: [{ dns: {} }]` (docs/names.md)"
            )
        } else {
            let hint = "write an endpoint as 10.0.0.2:8080 or '[::1]:8080'"
            reader.report(.badValue, node, "`\(shown)` is not an endpoint", hint: hint)
        }
        return nil
    }
}
