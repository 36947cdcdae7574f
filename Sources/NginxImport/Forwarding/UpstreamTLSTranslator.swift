import Routing
import RoutingConfig

/// Translates what nginx knows of TLS to a target, `proxy_ssl_…`, to `upstream_tls`.
struct UpstreamTLSTranslator {
    let findings: FindingCollector

    /// - Parameters:
    ///   - pass: leads to a target with `https`.
    ///   - name: what the rule's target is called.
    func write(
        _ pass: Directive,
        _ target: ProxyTarget,
        as name: String,
        _ context: RuleContext,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        var lines: [ImportedRule.Line] = []
        let verify = context.nearest("proxy_ssl_verify")
        let verifies = verify?.argument(0) == "on"
        if verifies {
            if let authorities = context.nearest("proxy_ssl_trusted_certificate") {
                lines.append(try file("ca", authorities))
            }
        } else {
            // nginx's default. A rule that verified would refuse what nginx lets through.
            lines.append(ImportedRule.Line(text: "verify: false", position: verify?.position))
            findings.note(
                "proxy_ssl_verify",
                at: verify?.position ?? pass.position,
                "nginx does not verify who responds; the rule has `verify: false`, which `berth check` reports: "
                    + "remove it, and name the authority: `ca`"
            )
        }
        if let line = try serverName(pass, target, as: name, verifies: verifies, context) {
            lines.append(line)
        }
        if let line = try certificate(context) { lines.append(line) }
        guard !lines.isEmpty else { return }
        rule.add("upstream_tls:", at: nil)
        for line in lines { rule.add("  \(line.text)", at: line.position) }
    }

    private func serverName(
        _ pass: Directive,
        _ target: ProxyTarget,
        as name: String,
        verifies: Bool,
        _ context: RuleContext
    ) throws(Untranslatable) -> ImportedRule.Line? {
        let sends = context.nearest("proxy_ssl_server_name")
        if sends?.argument(0) != "on" {
            findings.byDefault(
                "proxy_ssl_server_name",
                at: sends?.position ?? pass.position,
                "nginx does not send the name of the server; Berth does"
            )
        }
        guard let line = context.nearest("proxy_ssl_name"), let text = line.argument(0) else {
            // The name in the URL, where the rule's target has another.
            guard let written = target.literalName, written != name else { return nil }
            return ImportedRule.Line(
                text: "server_name: \(YAMLText.scalar(written))",
                position: pass.position
            )
        }
        if text == "$proxy_host" { return nil }
        guard !text.contains("$"), ServerName.isHost(text) || TargetNames.isAddress(text) else {
            let cause = Untranslatable(
                "proxy_ssl_name",
                at: line.position,
                "a rule's `server_name` is a fixed name; without one it is the target's"
            )
            // Nothing may be verified by a name that nginx does not mean.
            if verifies { throw cause }
            findings.untranslated(cause)
            return nil
        }
        return ImportedRule.Line(text: "server_name: \(YAMLText.scalar(text))", position: line.position)
    }

    private func certificate(_ context: RuleContext) throws(Untranslatable) -> ImportedRule.Line? {
        guard let own = context.nearest("proxy_ssl_certificate"), own.argument(0)?.isEmpty == false else {
            return nil
        }
        let certificate = try Self.path(own)
        var parts = ["cert: \(YAMLText.quoted(certificate))"]
        if let key = context.nearest("proxy_ssl_certificate_key") {
            parts.append("key: \(YAMLText.quoted(try Self.path(key)))")
        }
        return ImportedRule.Line(
            text: "certificate: { \(parts.joined(separator: ", ")) }",
            position: own.position
        )
    }

    private func file(_ key: String, _ directive: Directive) throws(Untranslatable) -> ImportedRule.Line {
        ImportedRule.Line(
            text: "\(key): \(YAMLText.quoted(try Self.path(directive)))",
            position: directive.position
        )
    }

    private static func path(_ directive: Directive) throws(Untranslatable) -> String {
        let path = directive.argument(0) ?? ""
        guard !path.contains("$"), path.hasPrefix("/") else {
            let why =
                path.hasPrefix("/") || path.contains("$") || path.contains(":")
                ? "a rule's files have fixed paths"
                : "its file is below nginx's own folder: write its whole path"
            throw Untranslatable(directive.name, at: directive.position, why)
        }
        return path
    }
}
