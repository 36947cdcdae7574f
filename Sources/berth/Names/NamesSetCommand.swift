import ArgumentParser
import Balancing
import Bytes
import EtcdClient

/// `berth names set`
struct NamesSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Put an entry into the rule file's etcd.",
        discussion: "Example: berth names set --config rules/front.yaml host_03 10.0.0.7:9000 --ttl 60"
    )
    @OptionGroup var options: NamesOptions
    @Argument(help: "The name.") var name: String
    @Argument(help: "address:port, or the whole value as JSON.") var value: String
    @Option(help: "Its weight among the addresses of the name, 0 to 65535 (default 1).") var weight: UInt16?
    @Flag(help: "It gets only requests that are bound to it.") var drain = false
    @Flag(help: "It gets no requests.") var down = false
    @Option(help: ArgumentHelp("The entry expires after this time.", valueName: "seconds")) var ttl: Int?
    @Flag(help: "Add the entry only if it does not exist.") var ifAbsent = false
    @Flag(help: "Overwrite an entry even if a running tier registered it.") var force = false
    @OptionGroup var etcd: EtcdOptions

    func run() async throws {
        if let ttl, !(1...(365 * 86400)).contains(ttl) {
            throw CommandFailure("--ttl: \(ttl) is not from 1 second to 365 days")
        }
        if drain, down { throw CommandFailure("--drain and --down: an address is either down or it drains") }
        let state: EndpointSettings.AdministrativeState = down ? .down : drain ? .drain : .up
        let json = value.hasPrefix("{") || value.hasPrefix("[{") || value.hasPrefix("[ ")
        guard let text = json ? value : EtcdEntryStore.value(value, weight: weight, state: state)
        else {
            throw CommandFailure(
                "'\(value)' is neither like 10.0.0.5:9000 nor JSON like {\"address\": \"10.0.0.5:9000\"}"
            )
        }
        if json, weight != nil {
            throw CommandFailure("--weight: with a JSON value, write the weight into the JSON")
        }
        if json, state != .up {
            throw CommandFailure(
                "--\(state.rawValue): with a JSON value, write \"\(state.rawValue)\": true into the JSON"
            )
        }
        let entries = try etcd.entries(options.config)
        do throws(EtcdEntryStore.Refusal) {
            try await entries.set(name, value: text, ttl: ttl, ifAbsent: ifAbsent, force: force)
            await entries.shutDown()
        } catch {
            await entries.shutDown()
            throw CommandFailure("berth names: \(Printable.text("\(error)"))", code: error.exitCode)
        }
    }
}
