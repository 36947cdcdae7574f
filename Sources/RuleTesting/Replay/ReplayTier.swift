import DryRun
import Names
package import Routing
package import RoutingConfig

/// The rules of one tier for a replay, shared by all threads.
package struct ReplayTier: Sendable {
    package let name: String
    private let configuration: Configuration
    private let names: NameTable

    /// - Throws: if a hosts file cannot be read. No name source is queried over the network.
    package init(_ name: String, _ configuration: Configuration) throws(ReplayFailure) {
        self.name = name
        self.configuration = configuration
        do {
            names = try NameTable(offline: configuration.names)
        } catch {
            throw ReplayFailure("\(error)")
        }
    }

    package var table: RouteTable { configuration.table }
    /// The names that have addresses without a query.
    var knownNames: [String] { names.knownNames }

    package var files: [String] { configuration.files }

    /// For one thread.
    var dryRun: DryRunTier { DryRunTier(name, configuration, names: .offline(names)) }
}
