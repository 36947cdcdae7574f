import PatternLanguages
import Routing
import RoutingConfig

/// Hosts under one certificate whose rules demand different certificates of clients: a client of HTTP/2 may send requests
/// for all of them over one connection (RFC 9113 §9.1.1), and gets 421 for some.
struct ClientPolicyCheck {
    let context: LintContext
    let certificate: Linter.Certificate

    private struct Witness {
        let host: HostName
        let rule: RuleView
        let policy: HostClientPolicy
    }

    /// - Parameter searches: how many may still be made.
    func run(_ searches: inout Int) {
        guard context.table.hasClientCertificates else { return }
        var first: Witness?
        var known: Set<HostClientPolicy> = []
        for rule in context.rules {
            for name in certificate.names {
                guard let found = witness(rule, name, &searches) else { continue }
                guard let other = first else {
                    first = found
                    known.insert(found.policy)
                    continue
                }
                if known.insert(found.policy).inserted { report(other, found) }
            }
        }
    }

    /// A host that the certificate's name covers, and of which the rule may be the first.
    private func witness(_ rule: RuleView, _ name: String, _ searches: inout Int) -> Witness? {
        guard let host = host(rule, name, &searches) else { return nil }
        let policy = context.table.clientPolicy(
            of: host,
            standard: certificate.standard,
            scratch: context.scratch
        )
        return Witness(host: host, rule: rule, policy: policy)
    }

    private func host(_ rule: RuleView, _ name: String, _ searches: inout Int) -> HostName? {
        guard name.hasPrefix("*.") else {
            guard let host = try? HostName(name), rule.accepts(host.bytes) else { return nil }
            return host
        }
        if case .exact(let bytes) = rule.host {
            let parent = bytes.drop { $0 != UInt8(ascii: ".") }
            guard parent.elementsEqual(name.utf8.dropFirst()) else { return nil }
            return try? HostName(bytes.span)
        }
        guard searches > 0, let language = rule.language, let covered = CertificateCheck.language(name) else {
            return nil
        }
        searches -= 1
        // A host of the rules before shows their policy.
        let earlier = context.rules[..<rule.index].compactMap(\.language).suffix(LintBounds.takers)
        let search = HostSearch(inside: [language, covered], outside: Array(earlier))
        guard case .found(let bytes) = search.find() else { return nil }
        return try? HostName(bytes.span)
    }

    private func report(_ first: Witness, _ second: Witness) {
        let names = certificate.names.map { "`\($0)`" }.joined(separator: ", ")
        context.report(
            .mixedClientCertificates,
            second.rule,
            severity: .note,
            key: second.rule.definition.clientCertificates == nil
                ? second.rule.hostKey : "client_certificates",
            "the certificate for \(names) covers `\(first.host)`, where \(Self.words(first.policy)), and "
                + "`\(second.host)`, where \(Self.words(second.policy))",
            hint:
                "clients that use one connection for both get 421 and connect again; give one of them a certificate of its own"
        )
    }

    private static func words(_ policy: HostClientPolicy) -> String {
        guard policy.requestsCertificate else { return "clients need no certificate" }
        let files = policy.authorities.joined(separator: " or ")
        return "a client certificate of \(files) is \(policy.isRequired ? "required" : "requested")"
    }
}
