import ArgumentParser
import Bytes
import EtcdClient
import Operations
import RegistryClient
import Routing
import RoutingConfig
import Settings

/// The options of commands that change the record of a target in a registry, instead of one running tier.
struct RecordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Through the etcd of this rule file, for all tiers that follow it, instead of one tier's control socket. May be given several times.",
            valueName: "path"
        )
    )
    var config: [String] = []

    @Option(help: "With --config: the prefix of the etcd source, if there are several.")
    var prefix: String?

    @Option(
        help: ArgumentHelp(
            "With --config: one of the endpoints of the etcd source, if several have the same prefix.",
            valueName: "url"
        )
    )
    var endpoint: String?

    /// Runs a command through the registry.
    ///
    /// - Returns: whether it was one for the registry.
    func run(
        _ command: String,
        _ control: ControlOptions,
        _ body: (RecordCommands, Configuration) async throws(RecordCommands.Problem) -> Void
    ) async throws -> Bool {
        guard !config.isEmpty else {
            if prefix != nil || endpoint != nil {
                throw CommandFailure("\(command): --prefix and --endpoint need --config")
            }
            return false
        }
        guard control.admin == nil else {
            throw CommandFailure(
                "\(command): --admin is one tier, --config a registry; leave out one of them"
            )
        }
        let configuration = try ConfigurationLoader.loadForCommand(config)
        let records = try commands(command, configuration)
        do throws(RecordCommands.Problem) {
            try await body(records, configuration)
            await records.shutDown()
        } catch {
            await records.shutDown()
            throw CommandFailure("\(command): \(Printable.text(error.description))", code: error.exitCode)
        }
        return true
    }

    private func commands(
        _ command: String,
        _ configuration: Configuration
    ) throws(CommandFailure) -> RecordCommands {
        let settings: EtcdSettings
        do throws(EtcdChoice.Problem) {
            settings = try EtcdChoice(prefix: prefix, endpoint: endpoint).settings(among: configuration.names)
        } catch {
            throw CommandFailure("\(command): \(config.joined(separator: ", ")): \(error)")
        }
        guard let cluster = settings.controlCluster else {
            throw CommandFailure(
                "\(command): the etcd source has `control: off`: tiers follow no records there"
            )
        }
        do throws(RegistryError) { return try RecordCommands(cluster) } catch {
            throw CommandFailure("\(command): \(error)")
        }
    }
}
