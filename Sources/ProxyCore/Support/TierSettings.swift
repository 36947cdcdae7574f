package import HTTP1
package import NIOCore
package import Routing
package import Settings

extension Limits {
    /// The limits of a head.
    ///
    /// - Parameter trusted: the head comes from a trusted proxy, which may be a tier with the same limits that added
    ///   to it.
    package func head(trusted: Bool) -> HeadLimits { trusted ? head.forNextTier : head }

    package var head: HeadLimits {
        HeadLimits(headBytes: headBytes, fields: fields, targetBytes: targetBytes)
    }
}

/// What the event loops of a tier share and what never changes.
package struct TierSettings: Sendable {
    /// `front` or `local`: the tier's name in its responses.
    package var name: String
    /// Generated at each start; a part of `Via`, so that a loop is detected.
    package var instance: String
    /// In the unit of event loops: converted once, not for each request.
    package var timeouts = Timeouts(Timeouts(), TimeAmount.init)
    package var limits = Limits()
    /// Peers whose `X-Forwarded-*` fields are believed and extended.
    package var trustedProxies: [CIDR] = []
    /// Registries and DNS servers that the tier uses, and that no request may reach.
    package var controlPlane: [Endpoint] = []
    /// Fields that pass although who wrote them is not trusted.
    package var keptFields = KeptFields()
    /// What is counted.
    package var metrics = MetricsSettings()
    /// Nil: `traceparent` passes on unchanged, and no span is sent.
    package var tracing: TraceSettings?
    /// Pages for errors for which the rule has none.
    package var errorPages: [FrozenErrorPage] = []
    /// Which requests without a rule the access log has, and those whose rule says nothing; nil: all.
    package var accessLog: AccessLogPolicy?

    package init(name: String, instance: String) {
        self.name = name
        self.instance = instance
    }

    /// - Parameter timeouts: as they are set; converted here.
    package init(
        name: String,
        instance: String,
        trustedProxies: [CIDR],
        keptFields: KeptFields = KeptFields(),
        errorPages: [FrozenErrorPage] = [],
        limits: Limits,
        timeouts: Timeouts<Duration>
    ) {
        self.init(name: name, instance: instance)
        self.trustedProxies = trustedProxies
        self.keptFields = keptFields
        self.errorPages = errorPages
        self.limits = limits
        self.timeouts = Timeouts(timeouts, TimeAmount.init)
    }

    /// A connection over the limit takes the place of one that waits for its next request: the limit is not one that
    /// somebody has set, but what the system allows.
    package private(set) var replacesIdleConnections = false

    /// Sets the limits that depend on the system and were not set.
    ///
    /// - Parameters:
    ///   - descriptors: that the process may have open; nil: not known.
    ///   - loops: event loops, each of which has some of its own.
    package mutating func fit(descriptors: Int?, loops: Int) {
        guard let descriptors else { return }
        let usable = max(32, descriptors - Self.reservedDescriptors - 4 * loops)
        replacesIdleConnections = limits.connections == nil
        // The rest is for upstream connections.
        limits.connections = limits.connections ?? usable / 4 * 3
        // A request has a descriptor at either side. A target of the front tier is a whole host: one container of it
        // may have half of that.
        limits.connectionsPerTarget = limits.connectionsPerTarget ?? usable / (name == "local" ? 6 : 3)
    }

    /// For files, logs, name sources and registries.
    private static let reservedDescriptors = 64

    /// The pseudonym in `Via` and `Proxy-Status` (RFC 9110 §7.6.3, RFC 9209 §2).
    package var signature: String { "berth-\(name)" }
}
