import Routing
import ServerNames
import Settings

/// The `listeners` of a rule file: where a tier listens, with TLS or without.
struct ListenersReader {
    let reader: NodeReader

    private static let keys = ["address", "tls", "redirect_to_https", "http2"]
    private static let tlsKeys = ["certificates", "default", "client_certificates", "hsts"]
    private static let pairKeys = ["cert", "key"]
    private static let example =
        "- { address: '0.0.0.0:443', tls: { certificates: [{ cert: star.pem, key: star.key }] } }"

    /// - Parameter known: the listeners of the files before this one.
    func listeners(_ node: YAMLNode, after known: [ListenerSettings]) -> [ListenerSettings] {
        guard case .sequence(let items) = node.content else {
            reader.reportUnfit(
                node,
                "`listeners`",
                "a list of listeners",
                hint: "write it as \(Self.example)"
            )
            return []
        }
        var found: [ListenerSettings] = []
        for item in items {
            guard let listener = listener(item) else { continue }
            if let first = (known + found).first(where: { $0.address == listener.address }) {
                reader.report(
                    .duplicateKey,
                    item["address"] ?? item,
                    "another listener already has the address \(listener.address) (at \(first.origin))",
                    hint: "a listener has one address: remove one of the two"
                )
                continue
            }
            found.append(listener)
        }
        return found
    }

    private func listener(_ node: YAMLNode) -> ListenerSettings? {
        guard let pairs = reader.mapping(node, "a listener", known: Self.keys) else { return nil }
        var address: Endpoint?
        var tls: TLSSettings?
        var redirects = false
        var http2: Bool?
        for pair in pairs {
            switch pair.key.text {
            case "address": address = self.address(pair.value)
            case "tls": tls = self.tls(pair.value)
            case "http2": http2 = reader.flag(pair.value, "`http2`")
            case "redirect_to_https": redirects = reader.flag(pair.value, "`redirect_to_https`") ?? false
            default: break
            }
        }
        if node["address"] == nil {
            reader.report(.missingKey, node, "this listener has no `address`", hint: "address: '0.0.0.0:443'")
        }
        if redirects, let key = pairs.first(where: { $0.key.text == "tls" })?.key {
            reader.report(
                .conflictingKeys,
                key,
                "a listener with `tls` cannot have `redirect_to_https`: its requests are HTTPS",
                hint:
                    "redirect at a listener of its own: - { address: '0.0.0.0:80', redirect_to_https: true }"
            )
        }
        guard let address else { return nil }
        var listener = ListenerSettings(address: address, origin: reader.origin(of: node))
        listener.tls = tls
        listener.redirectsToHTTPS = redirects
        listener.http2 = http2
        return listener
    }

    private func address(_ node: YAMLNode) -> Endpoint? {
        guard let text = reader.text(node, "`address`") else { return nil }
        // As for `--listen`: ':443' stands for all IPv4 addresses of the machine.
        guard let endpoint = Endpoint(text.hasPrefix(":") ? "0.0.0.0" + text : text) else {
            reader.report(
                .badValue,
                node,
                "`\(YAMLNode.shortened(text))` is not an address and port",
                hint: "write it like '0.0.0.0:443' or '[::]:443'"
            )
            return nil
        }
        return endpoint
    }

    // MARK: tls

    private func tls(_ node: YAMLNode) -> TLSSettings? {
        let hint = "tls: { certificates: [{ cert: star.pem, key: star.key }] }"
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`tls`", "a mapping", hint: hint)
            return nil
        }
        guard let pairs = reader.mapping(node, "`tls`", known: Self.tlsKeys) else { return nil }
        var settings = CertificateSettings()
        var hsts: HSTSSettings?
        // Also where it has no value: a mistake must not mean that clients are not verified.
        let clients = node["client_certificates"]
            .flatMap { ClientCertificatesReader(reader: reader).policy($0) }
        for pair in pairs where !pair.value.isNull {
            switch pair.key.text {
            case "certificates": certificates(pair.value, into: &settings)
            case "default": settings.defaultName = defaultName(pair.value)
            case "hsts": hsts = self.hsts(pair.value)
            default: break
            }
        }
        guard let certificates = node["certificates"], !certificates.isNull else {
            reader.report(.missingKey, node, "`tls` has no `certificates`", hint: hint)
            return nil
        }
        return TLSSettings(
            certificates: settings,
            clientCertificates: clients,
            hsts: hsts,
            origin: reader.origin(of: certificates)
        )
    }

    /// A folder, or a list of pairs of files and folders.
    private func certificates(_ node: YAMLNode, into settings: inout CertificateSettings) {
        let hint = "write [{ cert: star.pem, key: star.key }], or the path of a folder"
        switch node.content {
        case .scalar:
            if let path = reader.path(node, "`certificates`") { settings.folders.append(path) }
        case .sequence(let items):
            if items.isEmpty {
                reader.report(.badValue, node, "`certificates` is empty", hint: hint)
            }
            for item in items {
                if case .scalar = item.content {
                    if let path = reader.path(item, "each of `certificates`") {
                        settings.folders.append(path)
                    }
                } else if let pair = pair(item, hint) {
                    add(pair, item, to: &settings)
                }
            }
        case .mapping:
            reader.reportUnfit(node, "`certificates`", "a list or a folder", hint: hint)
        }
    }

    private func add(
        _ pair: CertificateSettings.Pair,
        _ node: YAMLNode,
        to settings: inout CertificateSettings
    ) {
        guard !settings.pairs.contains(where: { $0.certificate == pair.certificate }) else {
            reader.report(
                .duplicateKey,
                node["cert"] ?? node,
                "this certificate is already in the list",
                hint: "remove one of the two"
            )
            return
        }
        settings.pairs.append(pair)
    }

    private func pair(_ node: YAMLNode, _ hint: String) -> CertificateSettings.Pair? {
        guard let pairs = reader.mapping(node, "a certificate", known: Self.pairKeys) else { return nil }
        var certificate: String?
        var key: String?
        for pair in pairs {
            switch pair.key.text {
            case "cert": certificate = reader.path(pair.value, "`cert`")
            case "key": key = reader.path(pair.value, "`key`")
            default: break
            }
        }
        if node["cert"] == nil {
            reader.report(.missingKey, node, "this certificate has no `cert`", hint: hint)
        }
        // Without `key`, the file of the certificate has it, too.
        guard let certificate, node["key"] == nil || key != nil else { return nil }
        return CertificateSettings.Pair(certificate: certificate, key: key ?? certificate)
    }

    private func defaultName(_ node: YAMLNode) -> String? {
        guard let text = reader.text(node, "`default`") else { return nil }
        guard CertificateName(text) != nil else {
            reader.report(
                .badValue,
                node,
                "`\(YAMLNode.shortened(text))` is not a name that a certificate can have",
                hint: "write a name of one of the certificates: '*.test.priv' or www.test.priv"
            )
            return nil
        }
        return text
    }

    // MARK: hsts

    /// A mapping, or `true` for the defaults.
    private func hsts(_ node: YAMLNode) -> HSTSSettings? {
        switch node.text {
        case "true": return HSTSSettings()
        case "false": return nil
        default: break
        }
        var hsts = HSTSSettings()
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`hsts`", "`true` or a mapping", hint: "hsts: { max_age: 8760h }")
            return nil
        }
        let settings = HSTSSettings.settings
        for pair in reader.mapping(node, "`hsts`", known: settings.map(\.key)) ?? [] where !pair.value.isNull
        {
            guard let setting = settings.first(where: { $0.key == pair.key.text }) else { continue }
            reader.read(setting, pair.value, into: &hsts)
        }
        if hsts.preload, !hsts.includesSubdomains || hsts.maxAge < HSTSSettings().maxAge {
            reader.report(
                .badValue,
                node["preload"] ?? node,
                "`preload` needs `include_subdomains: true` and a `max_age` of a year",
                hint: "hsts: { max_age: 8760h, include_subdomains: true, preload: true }"
            )
        }
        return hsts
    }
}
