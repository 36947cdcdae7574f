import HTTP1
import NIOCore
import Proxy
package import ProxyCore
package import Routing
package import RoutingConfig
import Settings

/// One tier as its rule files want it, before anything is bound: what live traffic and
/// the dry run both start from.
package struct TierPlan: Sendable {
    package let settings: TierSettings
    package let table: RouteTable
    package let names: [NameSourceSettings]

    /// - Parameters:
    ///   - name: `front` or `local`.
    ///   - instance: signs `Via`; by default new for each plan.
    ///   - names: stand in for the configuration's own.
    package init(
        name: String,
        configuration: Configuration,
        instance: String? = nil,
        names: [NameSourceSettings]? = nil
    ) {
        var settings = TierSettings(name: name, instance: instance ?? Self.newInstance())
        settings.trustedProxies = configuration.trustedProxies
        settings.limits = configuration.limits
        settings.timeouts = Timeouts(configuration.timeouts, TimeAmount.init)
        self.settings = settings
        self.table = configuration.table
        self.names = names ?? configuration.names
    }

    /// 64 random bits: nobody guesses the `Via` of a running instance.
    private static func newInstance() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
