import ArgumentParser
import EtcdClient

/// `berth names rm`
struct NamesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove an entry from the rule file's etcd."
    )
    @OptionGroup var options: NamesOptions
    @Argument(help: "The name.") var name: String
    @Option(help: "The prefix of the etcd source, if there are several.") var prefix: String?

    func run() async throws {
        let entries = try options.entries(prefix: prefix)
        let removed: Bool
        do throws(EtcdEntryStore.Refusal) {
            removed = try await entries.remove(name)
            await entries.shutDown()
        } catch {
            await entries.shutDown()
            throw CommandFailure("berth names: \(error)", code: error.exitCode)
        }
        guard removed else {
            Terminal.error("berth names: there is no entry '\(name)'")
            throw ExitCode(1)
        }
    }
}
