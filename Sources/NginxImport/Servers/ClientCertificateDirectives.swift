import RoutingConfig

/// `ssl_verify_client` with `ssl_client_certificate`: which certificate nginx demands of clients.
struct ClientCertificateDirectives {
    /// The directive that demands it.
    let directive: Directive
    /// The value of `client_certificates`.
    let text: String

    /// Nil: nothing is demanded, or Berth cannot demand the same.
    init?(_ context: RuleContext) {
        guard context.listen.usesTLS, let verify = context.nearest("ssl_verify_client"),
            let value = verify.argument(0), value == "on" || value == "optional",
            let path = context.nearest("ssl_client_certificate")?.argument(0),
            path.hasPrefix("/"), !path.contains("$"),
            !Self.others.contains(where: { name in context.nearest(name) != nil })
        else { return nil }
        directive = verify
        let required = value == "on" ? "" : ", required: false"
        text = "{ ca: \(YAMLText.quoted(path))\(required) }"
    }

    /// What nginx verifies besides: without it, a certificate that was revoked would pass.
    private static let others = ["ssl_crl", "ssl_ocsp", "ssl_trusted_certificate"]
}
