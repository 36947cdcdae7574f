public import Routing
package import Settings

/// What the rule files of a set contain, checked and compiled: immutable, for all threads.
///
/// The settings of a tier (`names`, `limits`, …) are for Berth itself: they are not part of the library's API.
public struct Configuration: Sendable {
    /// The rules of all files, in order.
    public let table: RouteTable
    /// Where the tier listens, besides `--listen`.
    package let listeners: [ListenerSettings]
    /// As they are written.
    package let upstreamTLS: [UpstreamTLSSettings]
    /// In the order in which they are queried: first the pools that have endpoints of their own.
    package let names: [NameSourceSettings]
    /// Peers whose `X-Forwarded-*` fields are trusted (default: none).
    package let trustedProxies: [CIDR]
    /// Names in lower case, of fields that pass from peers and endpoints that are not trusted (default: none).
    package let keptFields: [[UInt8]]
    /// For requests without a rule, and where the rule has no page for the error (default: none).
    package let errorPages: [FrozenErrorPage]
    /// Which requests without a rule the access log has, and those whose rule says nothing; nil: all.
    package let accessLog: AccessLogPolicy?
    package let limits: Limits
    package let timeouts: Timeouts<Duration>
    package let metrics: MetricsSettings
    /// Where spans go (default nil: nowhere).
    package let tracing: TracingSettings?
    /// The files that were read, in their order.
    public let files: [String]
    /// What is valid, but probably not intended. Never contains an error.
    public let warnings: [Diagnostic]
}

extension Configuration {
    /// The settings whose files a tier needs: those that are written, and the defaults where a target has none.
    package var neededTLS: Set<UpstreamTLS> {
        var needed = table.upstreamTLS.union(upstreamTLS.map(\.tls))
        for case .target(let forward) in errorPages.map(\.content) {
            if let tls = forward.tls { needed.insert(tls) }
        }
        return needed
    }

    /// The files of the CAs of clients that rules and listeners name.
    package var clientAuthorities: Set<String> {
        let ofRules = table.rules.compactMap { $0.clientCertificates?.authorities }
        return Set(ofRules + listeners.compactMap { $0.tls?.clientCertificates?.authorities })
    }
}
