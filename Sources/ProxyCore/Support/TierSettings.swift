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
        limits: Limits,
        timeouts: Timeouts<Duration>
    ) {
        self.init(name: name, instance: instance)
        self.trustedProxies = trustedProxies
        self.keptFields = keptFields
        self.limits = limits
        self.timeouts = Timeouts(timeouts, TimeAmount.init)
    }

    /// The pseudonym in `Via` and `Proxy-Status` (RFC 9110 §7.6.3, RFC 9209 §2).
    package var signature: String { "berth-\(name)" }
}
