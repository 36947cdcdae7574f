import ArgumentParser
import EtcdClient
import Operations
import RegistryClient
import RoutingConfig
import Settings

/// The options of all `berth names` commands.
struct NamesOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The tier's rule file or folder. May be given several times.", valueName: "path")
    )
    var config: [String]

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: ArgumentHelp("The maximum time to wait for the sources, e.g. 5s.", valueName: "time"))
    var wait = "5s"

    func inspector() throws -> NamesInspector {
        guard let limit = Quantity.duration(wait) else {
            throw CommandFailure("--wait: '\(wait)' is not a time; write it like 5s or 500ms")
        }
        do {
            return try NamesInspector(try ConfigurationLoader.loadForCommand(config).names, limit: limit)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("berth names: \(error)")
        }
    }

    /// The entries of the etcd source with this prefix; nil: of the only etcd source.
    func entries(prefix: String?) throws -> EtcdEntryStore {
        var clusters: [EtcdCluster] = []
        for case .etcd(let settings, origin: _) in try ConfigurationLoader.loadForCommand(config).names {
            clusters.append(settings.cluster)
        }
        if let prefix { clusters.removeAll { $0.prefix != prefix } }
        guard let first = clusters.first else {
            let which = prefix.map { " with the prefix \($0)" } ?? ""
            throw CommandFailure("berth names: \(config.joined(separator: ", ")) has no etcd source\(which)")
        }
        guard clusters.count == 1 else {
            let prefixes = clusters.map(\.prefix).joined(separator: ", ")
            throw CommandFailure(
                "berth names: there are several etcd sources; choose one with --prefix: \(prefixes)"
            )
        }
        do throws(RegistryError) { return try EtcdEntryStore(first) } catch {
            throw CommandFailure("berth names: \(error)")
        }
    }

    func show(_ listings: [NameListing]) throws {
        Terminal.output(json ? try NameListing.json(listings) : NameListing.table(listings))
    }
}
