import Routing

/// The name sources that are asked over a network or a socket.
extension NamesReader {
    private enum Bounds {
        static let attempts = 1...10
        static let threads = 1...64
        /// Servers, members or search domains: more is a slip of the pen.
        static let listed = 32
    }

    /// The values of a source's keys; a source without any may be left empty.
    private func settings(_ node: YAMLNode, _ name: String, _ known: [String]) -> [String: YAMLNode]? {
        if node.isNull { return [:] }
        guard let pairs = reader.mapping(node, "`\(name)`", known: known) else { return nil }
        var given: [String: YAMLNode] = [:]
        for pair in pairs where !pair.value.isNull {
            if let key = pair.key.text, given[key] == nil { given[key] = pair.value }
        }
        return given
    }

    private func path(_ node: YAMLNode?, _ key: String) -> String? {
        guard let node, let path = reader.text(node, key) else { return nil }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            reader.report(.badValue, node, "\(key) must be the path of a file")
            return nil
        }
        return RuleFiles.resolve(path, besides: reader.source.file)
    }

    private func duration(_ node: YAMLNode?, _ key: String, zero: Bool = false) -> Duration? {
        node.flatMap { reader.duration($0, key, zero: zero) }
    }

    /// A list that is neither empty nor long.
    private func items(_ node: YAMLNode, _ key: String, example: String) -> [YAMLNode]? {
        guard let items = reader.list(node, key, example: example) else { return nil }
        guard (1...Bounds.listed).contains(items.count) else {
            let count = items.isEmpty ? "none" : "\(items.count)"
            reader.report(.badValue, node, "\(key) must have 1 to \(Bounds.listed) items, not \(count)")
            return nil
        }
        return items
    }

    // MARK: etcd

    func etcd(_ node: YAMLNode) -> EtcdSettings? {
        let known = ["endpoints", "prefix", "user", "password_file", "ca", "cert", "key", "max_stale"]
        guard let given = settings(node, "etcd", known) else { return nil }
        var settings = EtcdSettings()
        if let list = given["endpoints"] {
            let items = items(list, "`etcd.endpoints`", example: "'http://127.0.0.1:2379'") ?? []
            settings.endpoints = items.compactMap(member)
        } else {
            let hint = "endpoints: ['http://127.0.0.1:2379']"
            reader.report(.missingKey, node, "`etcd` needs its `endpoints`", hint: hint)
        }
        if let prefix = given["prefix"], let text = reader.text(prefix, "`etcd.prefix`") {
            if text.isEmpty || text.utf8.contains(0) {
                reader.report(
                    .badValue,
                    prefix,
                    "`etcd.prefix` must be the beginning of keys, as /berth/hosts/"
                )
            }
            settings.prefix = text.hasSuffix("/") ? text : text + "/"
        }
        if let user = given["user"] { settings.user = reader.text(user, "`etcd.user`") }
        settings.passwordFile = path(given["password_file"], "`etcd.password_file`")
        settings.ca = path(given["ca"], "`etcd.ca`")
        settings.cert = path(given["cert"], "`etcd.cert`")
        settings.key = path(given["key"], "`etcd.key`")
        settings.maxStale = duration(given["max_stale"], "`etcd.max_stale`")
        together(given, "user", "password_file")
        together(given, "cert", "key")
        if let tls = given["ca"] ?? given["cert"],
            !settings.endpoints.isEmpty, !settings.endpoints.contains(where: { $0.hasPrefix("https:") })
        {
            let hint = "write the endpoints as https://…"
            reader.report(.badValue, tls, "certificates are of no use: no endpoint is https", hint: hint)
        }
        return settings
    }

    private func together(_ given: [String: YAMLNode], _ one: String, _ other: String) {
        guard (given[one] == nil) != (given[other] == nil), let node = given[one] ?? given[other] else {
            return
        }
        let (there, missing) = given[one] == nil ? (other, one) : (one, other)
        reader.report(.missingKey, node, "`etcd.\(there)` is of no use without `etcd.\(missing)`")
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
        let hint = "a member is written http://10.0.0.1:2379 or https://etcd.test.priv:2379"
        let message = "`\(YAMLNode.shortened(text))` is not the URL of an etcd member"
        reader.report(.badValue, node, message, hint: hint)
        return nil
    }

    // MARK: containers

    func containers(_ node: YAMLNode) -> ContainersSettings? {
        guard let given = settings(node, "containers", ["socket", "network", "max_stale"]) else { return nil }
        var settings = ContainersSettings()
        if let socket = given["socket"], let text = reader.text(socket, "`containers.socket`") {
            let plain = text.hasPrefix("unix://") ? String(text.dropFirst("unix://".count)) : text
            // sun_path of sockaddr_un has 108 bytes with the zero at its end.
            if plain.isEmpty || plain.utf8.count > 107 || plain.utf8.contains(0) {
                let message = "`containers.socket` must be the path of a Unix socket, at most 107 bytes"
                reader.report(.badValue, socket, message)
            }
            settings.socket = RuleFiles.resolve(plain, besides: reader.source.file)
        }
        if let network = given["network"] {
            settings.network = reader.text(network, "`containers.network`")
            if settings.network?.isEmpty == true {
                reader.report(.badValue, network, "`containers.network` must be the name of a network")
            }
        }
        settings.maxStale = duration(given["max_stale"], "`containers.max_stale`")
        return settings
    }

    // MARK: dns

    func dns(_ node: YAMLNode) -> DNSSettings? {
        let known = [
            "servers", "search", "srv", "min_ttl", "max_ttl", "negative_ttl", "timeout", "attempts",
            "max_stale",
        ]
        guard let given = settings(node, "dns", known) else { return nil }
        var settings = DNSSettings()
        if let list = given["servers"] {
            let items = items(list, "`dns.servers`", example: "'127.0.0.1:53'") ?? []
            settings.servers = items.compactMap { endpoint($0, of: "dns.servers") }
        }
        if let list = given["search"], let items = reader.list(list, "`dns.search`", example: "test.priv") {
            settings.search = items.prefix(Bounds.listed).compactMap { name($0) }
        }
        if let srv = given["srv"] { settings.srv = service(srv) }
        settings.minTTL = duration(given["min_ttl"], "`dns.min_ttl`", zero: true) ?? settings.minTTL
        settings.maxTTL = duration(given["max_ttl"], "`dns.max_ttl`") ?? settings.maxTTL
        settings.negativeTTL = duration(given["negative_ttl"], "`dns.negative_ttl`") ?? settings.negativeTTL
        settings.timeout = duration(given["timeout"], "`dns.timeout`") ?? settings.timeout
        settings.maxStale = duration(given["max_stale"], "`dns.max_stale`", zero: true) ?? settings.maxStale
        if let attempts = given["attempts"] {
            settings.attempts =
                reader.integer(attempts, "`dns.attempts`", in: Bounds.attempts) ?? settings.attempts
        }
        if settings.minTTL > settings.maxTTL, let node = given["min_ttl"] ?? given["max_ttl"] {
            reader.report(.badValue, node, "`dns.min_ttl` is more than `dns.max_ttl`")
        }
        return settings
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
        let known = ["threads", "ttl", "negative_ttl", "max_stale"]
        guard let given = settings(node, "system", known) else { return nil }
        var settings = SystemNamesSettings()
        if let threads = given["threads"] {
            settings.threads =
                reader.integer(threads, "`system.threads`", in: Bounds.threads) ?? settings.threads
        }
        settings.ttl = duration(given["ttl"], "`system.ttl`") ?? settings.ttl
        settings.negativeTTL =
            duration(given["negative_ttl"], "`system.negative_ttl`") ?? settings.negativeTTL
        settings.maxStale =
            duration(given["max_stale"], "`system.max_stale`", zero: true) ?? settings.maxStale
        return settings
    }
}
