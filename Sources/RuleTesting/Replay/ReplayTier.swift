import Operations
import ProxyCore
package import Routing
package import RoutingConfig

/// The rules of one tier for a replay, shared by all threads.
package struct ReplayTier: Sendable {
    private let plan: TierPlan
    package let files: [String]

    /// - Throws: if a name source cannot be set up. None is queried over the network.
    package init(_ name: String, _ configuration: Configuration) throws(ReplayFailure) {
        plan = TierPlan(name: name, configuration: configuration, instance: "dry-run")
        files = configuration.files
        do {
            _ = try DryRun.Stage(plan, files: files, offline: true)
        } catch {
            throw ReplayFailure("\(error)")
        }
    }

    package var name: String { plan.settings.name }
    package var table: RouteTable { plan.table }

    /// The stage of one thread; nil: a file of names was removed after `init`.
    func stage() -> DryRun.Stage? {
        try? DryRun.Stage(plan, files: files, offline: true)
    }
}
