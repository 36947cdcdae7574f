import ArgumentParser
import EtcdClient
import Operations
import RegistryClient
import RoutingConfig
import Settings

/// The etcd source that `berth names set` and `rm` change.
struct EtcdOptions: ParsableArguments {
    @Option(help: "The prefix of the etcd source, if there are several.")
    var prefix: String?

    @Option(
        help: ArgumentHelp(
            "One of the endpoints of the etcd source, if several have the same prefix.",
            valueName: "url"
        )
    )
    var endpoint: String?

    /// The entries of the only etcd source of the rule files that matches.
    func entries(_ config: [String]) throws -> EtcdEntryStore {
        let sources = try ConfigurationLoader.loadForCommand(config).names
        let cluster: EtcdCluster
        do throws(EtcdChoice.Problem) {
            cluster = try EtcdChoice(prefix: prefix, endpoint: endpoint).cluster(among: sources)
        } catch {
            throw CommandFailure("berth names: \(config.joined(separator: ", ")): \(error)")
        }
        do throws(RegistryError) { return try EtcdEntryStore(cluster) } catch {
            throw CommandFailure("berth names: \(error)")
        }
    }
}
