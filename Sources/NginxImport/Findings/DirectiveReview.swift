import Routing

/// Reports the directives of a block that nothing translates.
final class DirectiveReview {
    /// Directives that do not concern routing, with the first position of each.
    private(set) var ignored: [String: SourceLocation] = [:]
    private let findings: FindingCollector
    /// Positions of the directives whose blocks were reviewed.
    private var reviewed: Set<SourceLocation> = []

    init(_ findings: FindingCollector) {
        self.findings = findings
    }

    /// Reviews the block of a directive, once.
    func review(blockOf directive: Directive) {
        guard reviewed.insert(directive.position).inserted else { return }
        review(directive.block ?? [])
    }

    func review(_ block: [Directive]) {
        for directive in block {
            let name = directive.name
            if KnownDirectives.translated.contains(name) || KnownDirectives.isGuard(name)
                || KnownDirectives.otherHandlers.contains(name) || KnownDirectives.isUsual(directive)
            {
                continue
            }
            // `gzip_static on` is about responses, `gzip_types` about `gzip`.
            if KnownDirectives.isUnrelatedToRouting(name), !Self.isResponseFilter(name) {
                if ignored[name] == nil { ignored[name] = directive.position }
                continue
            }
            report(directive)
        }
    }

    private static func isResponseFilter(_ name: String) -> Bool {
        ["gzip", "gzip_static", "gunzip", "brotli", "brotli_static"].contains(name)
    }

    private func report(_ directive: Directive) {
        let name = directive.name
        switch name {
        case "proxy_pass_header":
            findings.untranslated(
                directive.text(words: 2),
                at: directive.position,
                "see `keep_headers` for fields that command a proxy"
            )
        case "more_set_headers", "expires", "charset", "more_clear_headers", "add_trailer", "userid":
            findings.untranslated(
                directive.text(words: 2),
                at: directive.position,
                "write `response_headers`, where fixed values do"
            )
        case _ where Self.isResponseFilter(name):
            findings.untranslated(
                directive.text(words: 2),
                at: directive.position,
                "Berth does not compress responses and does not unpack them"
            )
        case "limit_req", "limit_conn", "limit_rate", "limit_req_zone", "limit_conn_zone":
            findings.untranslated(name, at: directive.position, "Berth has no such limit yet")
        case "stream", "mail":
            findings.untranslated(name, at: directive.position, "Berth forwards HTTP only")
        case "split_clients":
            findings.untranslated(
                name,
                at: directive.position,
                "rules do not have its variable; a pool with `split` shares requests between targets by weight"
            )
        case "geo":
            findings.untranslated(name, at: directive.position, "rules do not have its variable")
        case "set_real_ip_from", "real_ip_header", "real_ip_recursive":
            findings.untranslated(
                name,
                at: directive.position,
                "nginx takes the client's address from a field: see `trusted_proxies`"
            )
        case "underscores_in_headers", "ignore_invalid_headers":
            findings.untranslated(
                directive.text(words: 2),
                at: directive.position,
                "Berth passes fields on whatever their names, but for look-alikes of those that it sets"
            )
        default:
            findings.untranslated(name, at: directive.position, "Berth has no equivalent")
        }
    }
}
