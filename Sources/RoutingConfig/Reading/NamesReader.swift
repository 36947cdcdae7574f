import Routing

/// The `names` of a rule file: the sources of the targets' endpoints.
package struct NamesReader {
    package let reader: NodeReader

    package init(reader: NodeReader) {
        self.reader = reader
    }

    private static let kinds = ["static", "hosts_file", "etcd", "containers", "dns", "system"]

    func sources(_ node: YAMLNode) -> [NameSourceSettings] {
        guard case .sequence(let items) = node.content else {
            let hint =
                "write it as a list, in the order in which the sources are queried: - static: { name: 127.0.0.1 }"
            reader.reportUnfit(node, "`names`", "a list", hint: hint)
            return []
        }
        return items.compactMap(source)
    }

    private func source(_ node: YAMLNode) -> NameSourceSettings? {
        guard let pairs = reader.mapping(node, "a name source", known: Self.kinds) else { return nil }
        guard pairs.count == 1, let pair = pairs.first else {
            let message =
                pairs.isEmpty
                ? "a name source is empty" : "a name source has one key, but this one has \(pairs.count)"
            reader.report(
                .conflictingKeys,
                node,
                message,
                hint: "write each source as an item of its own: - static: …"
            )
            return nil
        }
        let origin = reader.origin(of: node)
        switch pair.key.text {
        case "static":
            return staticNames(pair.value).map { .static($0, origin: origin) }
        case "hosts_file":
            return reader.path(pair.value, "`hosts_file`").map { .hostsFile(path: $0, origin: origin) }
        case "etcd": return etcd(pair.value).map { .etcd($0, origin: origin) }
        case "containers": return containers(pair.value).map { .containers($0, origin: origin) }
        case "dns": return dns(pair.value).map { .dns($0.settings, servers: $0.servers, origin: origin) }
        case "system": return system(pair.value).map { .system($0, origin: origin) }
        default:
            return nil
        }
    }

    package func staticNames(_ node: YAMLNode) -> [StaticName]? {
        if node.isNull { return [] }
        guard let pairs = reader.mapping(node, "`static`") else { return nil }
        var first: [String: YAMLNode] = [:]
        var names: [StaticName] = []
        for pair in pairs {
            guard let name = name(pair.key) else { continue }
            if let earlier = first[name] {
                // The identical key is reported as a duplicate; this one differs in case.
                if earlier.text != pair.key.text {
                    let message =
                        "the name `\(name)` occurs twice (first on line \(earlier.line)): names ignore case"
                    reader.report(.duplicateKey, pair.key, message, hint: "write its endpoints as a list")
                }
                continue
            }
            first[name] = pair.key
            names.append(StaticName(name: name, endpoints: endpoints(pair.value, of: name)))
        }
        return names
    }

    func name(_ node: YAMLNode) -> String? {
        guard let text = node.text else { return nil }
        do {
            let host = try HostName(text)
            if host.port == nil { return host.text }
            reader.report(
                .badValue,
                node,
                "a name cannot have a port: `\(YAMLNode.shortened(text))`",
                hint: "write the port after the address"
            )
        } catch {
            let message = "`\(YAMLNode.shortened(text))` is not a host name: \(error)"
            reader.report(.badValue, node, message)
        }
        return nil
    }

    private func endpoints(_ node: YAMLNode, of name: String) -> [EndpointSetting] {
        guard case .sequence(let items) = node.content else {
            return endpoint(node, of: name).map { [$0] } ?? []
        }
        if items.isEmpty {
            reader.report(
                .badValue,
                node,
                "`\(name)` has no endpoint",
                hint: "remove the name or give it an address"
            )
        }
        return items.compactMap { endpoint($0, of: name) }
    }

    /// `10.0.0.2`, `10.0.0.2:8080`, `::1`, `[::1]:8080`.
    func endpoint(_ node: YAMLNode, of name: String) -> EndpointSetting? {
        guard let text = reader.text(node, "the endpoint of `\(name)`") else { return nil }
        if let address = IPAddress(text) { return EndpointSetting(address: address) }
        let shown = YAMLNode.shortened(text)
        if let (host, portText, portOffset) = Self.split(text), let address = IPAddress(host) {
            if let port = UInt16(portText), port > 0 { return EndpointSetting(address: address, port: port) }
            reader.report(
                .badValue,
                node,
                at: portOffset..<text.utf8.count,
                "the port of `\(shown)` must be a number from 1 to 65535"
            )
            return nil
        }
        let hint =
            "write an endpoint as an address with or without a port: 10.0.0.2, 10.0.0.2:8080, '::1', '[::1]:8080'"
        reader.report(.badValue, node, "`\(shown)` is not an address", hint: hint)
        return nil
    }

    /// The parts of `address:port`, and the port's offset in bytes.
    static func split(_ text: String) -> (host: String, port: String, offset: Int)? {
        let bytes = Array(text.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = bytes[..<colon]
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(UInt8(ascii: ":")) {
            return nil
        }
        let port = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        return (String(decoding: host, as: UTF8.self), port, colon + 1)
    }
}
