import HTTP1
import NIOCore
import Proxy
package import ProxyCore
package import Routing
package import RoutingConfig
import Settings

/// One tier as its rule files define it, before any address is bound. Live traffic and the dry run start from it.
package struct TierPlan: Sendable {
    package let settings: TierSettings
    package let table: RouteTable
    package let names: [NameSourceSettings]

    /// - Parameters:
    ///   - name: `front` or `local`.
    ///   - instance: identifies the tier in `Via`; by default random.
    ///   - names: replaces the name sources of the configuration.
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

    /// 64 random bits, so that clients cannot guess the `Via` of a running instance.
    private static func newInstance() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
