package import Routing

/// How connections to an endpoint are made. Those of one link never serve requests of another: it decides who the
/// endpoint has to be, and what it is shown.
package struct UpstreamLink: Hashable, Sendable {
    package let scheme: TargetScheme
    /// Nil: without TLS.
    package let tls: UpstreamTLS?
    /// The name, or the address, that the endpoint's certificate has to have; nil: without TLS.
    package let serverName: String?

    /// TCP, as it is.
    package static let http = UpstreamLink(scheme: .http, tls: nil, serverName: nil)

    private init(scheme: TargetScheme, tls: UpstreamTLS?, serverName: String?) {
        self.scheme = scheme
        self.tls = tls
        self.serverName = serverName
    }

    /// - Parameters:
    ///   - scheme: of the target.
    ///   - tls: the rule's settings; nil: the defaults. Only of `https`.
    ///   - target: the target's name, or its address.
    package init(_ scheme: TargetScheme, _ tls: UpstreamTLS?, to target: String) {
        guard scheme == .https else {
            self.init(scheme: scheme, tls: nil, serverName: nil)
            return
        }
        let tls = tls ?? UpstreamTLS()
        self.init(scheme: scheme, tls: tls, serverName: tls.serverName ?? target)
    }
}

extension TargetPorts {
    /// How connections to the endpoints of a target are made: at least one way, those without TLS last.
    package func links(to target: String) -> [UpstreamLink] {
        let links = Set(ways(to: target).map { UpstreamLink($0.scheme, $0.tls, to: target) })
        return links.isEmpty ? [.http] : links.sorted { $0.tls != nil && $1.tls == nil }
    }
}
