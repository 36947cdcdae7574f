/// What a handshake for a host demands of the client: the rules of the host taken together, as nothing but the host is
/// known by then. Each request is checked against its own rule afterwards.
package struct HostClientPolicy: Hashable, Sendable {
    /// The files of the CAs that a certificate may be from, in order; empty: no certificate is requested.
    package let authorities: [String]
    /// Every rule of the host needs a certificate of the one CA: a handshake without one fails.
    package let isRequired: Bool

    package static let none = HostClientPolicy([])

    /// - Parameter policies: those of the rules that may decide; nil: a rule without one.
    package init(_ policies: [ClientCertificates?]) {
        authorities = Set(policies.compactMap { $0?.authorities }).sorted()
        isRequired = authorities.count == 1 && policies.allSatisfy { $0?.isRequired ?? false }
    }

    package var requestsCertificate: Bool { !authorities.isEmpty }
}

extension RouteTable {
    /// What a handshake for a host demands.
    ///
    /// - Parameters:
    ///   - host: nil: the client sends no server name.
    ///   - standard: of the listener: for rules without a policy of their own, and hosts without a rule.
    package func clientPolicy(
        of host: HostName?,
        standard: ClientCertificates?,
        scratch: RouteScratch
    ) -> HostClientPolicy {
        guard let host, hasClientCertificates else { return HostClientPolicy([standard]) }
        var policies: [ClientCertificates?] = []
        for rule in rules(matching: host, scratch: scratch) {
            policies.append(rule.clientCertificates ?? standard)
            // Those after it decide nothing.
            if rule.matchesOnHostAlone { break }
        }
        return HostClientPolicy(policies.isEmpty ? [standard] : policies)
    }
}
