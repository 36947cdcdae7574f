import Routing
import Settings

/// The name sources that are queried over a network or a socket.
extension NamesReader {
    /// Reads the settings of a source; a source without any may be left empty.
    ///
    /// - Returns: the settings, and the value of each key that is there.
    private func read<Group: SettingGroup>(
        _ node: YAMLNode,
        special: (String, YAMLNode, inout Group) -> Void = { _, _, _ in }
    ) -> (Group, given: [String: YAMLNode])? {
        var group = Group()
        if node.isNull { return (group, [:]) }
        let settings = Group.settings
        guard let pairs = reader.mapping(node, "`\(Group.name)`", known: settings.map(\.key)) else {
            return nil
        }
        var given: [String: YAMLNode] = [:]
        for pair in pairs where !pair.value.isNull {
            guard let setting = settings.first(where: { $0.key == pair.key.text }), given[setting.key] == nil
            else { continue }
            given[setting.key] = pair.value
            reader.read(setting, pair.value, into: &group, special: special)
        }
        return (group, given)
    }

    // MARK: etcd

    func etcd(_ node: YAMLNode) -> EtcdSettings? {
        let read: (EtcdSettings, given: [String: YAMLNode])? = read(node) { key, value, settings in
            switch key {
            case "endpoints":
                settings.cluster.endpoints = value.items.compactMap(member)
            case "prefix":
                if let prefix = prefix(value, "prefix") { settings.cluster.prefix = prefix }
            case "control":
                let isOff = value.text == "off"
                settings.control = isOff ? nil : prefix(value, "control") ?? settings.control
            default: break
            }
        }
        guard let (settings, given) = read else { return nil }
        if given["endpoints"] == nil {
            let hint = "endpoints: ['http://127.0.0.1:2379']"
            reader.report(.missingKey, node, "`etcd` needs its `endpoints`", hint: hint)
        }
        together(given, "user", "password_file")
        together(given, "cert", "key")
        if settings.control == settings.cluster.prefix, let node = given["control"] ?? given["prefix"] {
            reader.report(
                .badValue,
                node,
                "`etcd.control` and `etcd.prefix` are the same: records are not names"
            )
        }
        let endpoints = settings.cluster.endpoints
        if let tls = given["ca"] ?? given["cert"],
            !endpoints.isEmpty, !endpoints.contains(where: { $0.hasPrefix("https:") })
        {
            let hint = "write the endpoints as https://…"
            reader.report(.badValue, tls, "certificates have no effect: no endpoint is https", hint: hint)
        }
        return settings
    }

    private func prefix(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = reader.text(node, "`etcd.\(key)`") else { return nil }
        if text.isEmpty || text.utf8.contains(0) {
            reader.report(.badValue, node, "`etcd.\(key)` must be the start of keys, such as /berth/hosts/")
        }
        return text.hasSuffix("/") ? text : text + "/"
    }

    private func together(_ given: [String: YAMLNode], _ one: String, _ other: String) {
        guard (given[one] == nil) != (given[other] == nil), let node = given[one] ?? given[other] else {
            return
        }
        let (there, missing) = given[one] == nil ? (other, one) : (one, other)
        reader.report(.missingKey, node, "`etcd.\(there)` has no effect without `etcd.\(missing)`")
    }

    /// `http://10.0.0.1:2379`, without a path.
    private func member(_ node: YAMLNode) -> String? {
        guard let text = reader.text(node, "each of `etcd.endpoints`") else { return nil }
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            var rest = text.dropFirst(scheme.count)
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            if Endpoint(String(rest)) != nil || IPAddress(String(rest)) != nil { return scheme + rest }
            // A name, with or without a port.
            if let host = try? HostName(String(rest)), !host.text.isEmpty { return scheme + rest }
        }
        let hint = "write a member as http://10.0.0.1:2379 or https://etcd.test.priv:2379"
        let message = "`\(YAMLNode.shortened(text))` is not the URL of an etcd member"
        reader.report(.badValue, node, message, hint: hint)
        return nil
    }

    // MARK: containers

    func containers(_ node: YAMLNode) -> ContainersSettings? {
        let read: (ContainersSettings, given: [String: YAMLNode])? = read(node) { _, value, settings in
            guard let text = reader.text(value, "`containers.socket`") else { return }
            let plain = text.hasPrefix("unix://") ? String(text.dropFirst("unix://".count)) : text
            let most = ContainersSettings.maxSocketBytes
            if plain.isEmpty || plain.utf8.count > most || plain.utf8.contains(0) {
                let message = "`containers.socket` must be the path of a Unix socket, at most \(most) bytes"
                reader.report(.badValue, value, message)
            }
            settings.socket = RuleFiles.resolve(plain, relativeTo: reader.source.file)
        }
        return read?.0
    }

    // MARK: dns

    func dns(_ node: YAMLNode) -> (settings: DNSSettings, servers: [EndpointSetting]?)? {
        var servers: [EndpointSetting]?
        let read: (DNSSettings, given: [String: YAMLNode])? = read(node) { key, value, settings in
            switch key {
            case "servers":
                servers = value.items.compactMap { endpoint($0, of: "dns.servers") }
            case "search":
                settings.search = value.items.compactMap(name)
            case "srv": settings.srv = service(value)
            default: break
            }
        }
        guard let (settings, given) = read else { return nil }
        if settings.minTTL > settings.maxTTL, let node = given["min_ttl"] ?? given["max_ttl"] {
            reader.report(.badValue, node, "`dns.min_ttl` is more than `dns.max_ttl`")
        }
        return (settings, servers)
    }

    /// `_service._proto` (RFC 2782).
    private func service(_ node: YAMLNode) -> String? {
        guard let text = reader.text(node, "`dns.srv`") else { return nil }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let sound = labels.count == 2 && labels.allSatisfy { $0.hasPrefix("_") && $0.utf8.count > 1 }
        guard sound, let name = try? HostName(text), name.port == nil else {
            let message = "`\(YAMLNode.shortened(text))` is not a service and a protocol"
            reader.report(.badValue, node, message, hint: "write it like _http._tcp")
            return nil
        }
        return name.text
    }

    // MARK: system

    func system(_ node: YAMLNode) -> SystemNamesSettings? {
        let read: (SystemNamesSettings, given: [String: YAMLNode])? = read(node) { _, value, settings in
            guard reader.text(value, "`system.witness`") != nil else { return }
            settings.witness = name(value)
        }
        return read?.0
    }
}
