package import Routing
import ServerNames

/// An `upstream_tls` of a rule file, with where it stands.
package struct UpstreamTLSSettings: Sendable {
    package let tls: UpstreamTLS
    /// Of the whole.
    package let origin: SourceLocation
    /// Of each value, by its key: `ca`, `certificate`, `verify`.
    fileprivate(set) var origins: [String: SourceLocation] = [:]

    /// Where a file is named; else where the whole stands.
    package func origin(ofFile path: String) -> SourceLocation {
        if path == tls.authorities { return origins["ca"] ?? origin }
        if let own = tls.certificate, path == own.certificate || path == own.key {
            return origins["certificate"] ?? origin
        }
        return origin
    }

    /// Where it says that endpoints are not verified; nil: they are.
    package var unverified: SourceLocation? { tls.verifies ? nil : origins["verify"] ?? origin }
}

/// Reads `upstream_tls`, of a rule or of the whole set.
struct UpstreamTLSReader {
    let reader: NodeReader

    private static let keys = ["ca", "server_name", "certificate", "verify", "http2"]
    private static let certificateKeys = ["cert", "key"]
    private static let hint = "write upstream_tls: { ca: ca.pem }"

    /// - Returns: nil where there are errors.
    func settings(_ node: YAMLNode) -> UpstreamTLSSettings? {
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`upstream_tls`", "a mapping", hint: Self.hint)
            return nil
        }
        guard let pairs = reader.mapping(node, "`upstream_tls`", known: Self.keys) else { return nil }
        var tls = UpstreamTLS()
        var origins: [String: SourceLocation] = [:]
        var isValid = true
        for pair in pairs {
            guard let key = pair.key.text, Self.keys.contains(key) else { continue }
            origins[key] = reader.origin(of: pair.value)
            switch key {
            case "ca":
                tls.authorities = reader.path(pair.value, "`ca`")
                isValid = isValid && tls.authorities != nil
            case "server_name":
                tls.serverName = serverName(pair.value)
                isValid = isValid && tls.serverName != nil
            case "certificate":
                tls.certificate = certificate(pair.value)
                isValid = isValid && tls.certificate != nil
            case "http2":
                let http2 = reader.flag(pair.value, "`http2`")
                tls.http2 = http2 ?? true
                isValid = isValid && http2 != nil
            default:
                let verifies = reader.flag(pair.value, "`verify`")
                tls.verifies = verifies ?? true
                isValid = isValid && verifies != nil
            }
        }
        if !tls.verifies, let node = node["ca"] {
            reader.report(
                .conflictingKeys,
                node,
                "`ca` has no effect with `verify: false`",
                hint: "remove `verify: false`, so that endpoints are verified by these authorities"
            )
            isValid = false
        }
        guard isValid else { return nil }
        return UpstreamTLSSettings(tls: tls, origin: reader.origin(of: node), origins: origins)
    }

    private func serverName(_ node: YAMLNode) -> String? {
        guard let text = reader.text(node, "`server_name`") else { return nil }
        guard let name = ServerName(text) else {
            reader.report(
                .badValue,
                node,
                "`\(YAMLNode.shortened(text))` is not a name that a certificate can be checked for",
                hint: "write a host name or an address, without a port: api.internal"
            )
            return nil
        }
        return name.description
    }

    private func certificate(_ node: YAMLNode) -> UpstreamTLS.Certificate? {
        let hint = "write certificate: { cert: front.pem, key: front.key }"
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`certificate`", "a mapping", hint: hint)
            return nil
        }
        guard let pairs = reader.mapping(node, "`certificate`", known: Self.certificateKeys) else {
            return nil
        }
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
            reader.report(.missingKey, node, "`certificate` has no `cert`", hint: hint)
        }
        // Without `key`, the file of the certificate has it, too.
        guard let certificate, node["key"] == nil || key != nil else { return nil }
        return UpstreamTLS.Certificate(certificate: certificate, key: key ?? certificate)
    }
}
