package import ProxyCore
package import Routing
package import RoutingConfig
import Settings

/// One tier as its rule files define it, before any address is bound.
package struct TierPlan: Sendable {
    package let settings: TierSettings
    package let table: RouteTable
    /// What all of it comes from.
    let configuration: Configuration
    package let names: [NameSourceSettings]
    /// Besides those of the command line.
    package let listeners: [ListenerSettings]
    /// The files of the CAs of clients.
    package let clientAuthorities: Set<String>
    let upstreamTLS: UpstreamTLSPlan
    /// For `berth check` of the rules; nil: nothing is reported.
    let inspected: InspectedConfiguration?
    /// Registries that are written as host names.
    let registryHosts: [(name: String, port: UInt16)]

    /// - Parameters:
    ///   - name: `front` or `local`.
    ///   - instance: identifies the tier in `Via`; by default random.
    package init(
        name: String,
        configuration: Configuration,
        instance: String? = nil
    ) {
        self.init(name: name, configuration, instance, inspected: nil)
    }

    package init(name: String, inspected: InspectedConfiguration, instance: String? = nil) {
        self.init(name: name, inspected.configuration, instance, inspected: inspected)
    }

    private init(
        name: String,
        _ configuration: Configuration,
        _ instance: String?,
        inspected: InspectedConfiguration?
    ) {
        self.inspected = inspected
        var settings = TierSettings(
            name: name,
            instance: instance ?? Self.newInstance(),
            trustedProxies: configuration.trustedProxies,
            keptFields: KeptFields(configuration.keptFields, statusOfTiers: name == "front"),
            errorPages: configuration.errorPages,
            limits: configuration.limits,
            timeouts: configuration.timeouts
        )
        settings.accessLog = configuration.accessLog
        settings.tracing = configuration.tracing.map(TraceSettings.init)
        let controlPlane = ControlPlane(configuration.names)
        settings.controlPlane = controlPlane.endpoints
        settings.metrics = configuration.metrics
        self.registryHosts = controlPlane.hosts
        self.settings = settings
        self.table = configuration.table
        self.configuration = configuration
        self.names = configuration.names
        self.listeners = configuration.listeners
        self.clientAuthorities = configuration.clientAuthorities
        self.upstreamTLS = UpstreamTLSPlan(configuration)
    }

    /// 64 random bits, so that clients cannot guess the `Via` of a running instance.
    private static func newInstance() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
