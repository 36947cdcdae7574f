import ArgumentParser
import Bytes
import EtcdClient

/// `berth names rm`
struct NamesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove an entry from the rule file's etcd."
    )
    @OptionGroup var options: NamesOptions
    @Argument(help: "The name.") var name: String
    @OptionGroup var etcd: EtcdOptions

    func run() async throws {
        let entries = try etcd.entries(options.config)
        let removed: Bool
        do throws(EtcdEntryStore.Refusal) {
            removed = try await entries.remove(name)
            await entries.shutDown()
        } catch {
            await entries.shutDown()
            throw CommandFailure("berth names: \(Printable.text("\(error)"))", code: error.exitCode)
        }
        guard removed else {
            Terminal.error("berth names: there is no entry '\(name)'")
            throw ExitCode(1)
        }
    }
}
