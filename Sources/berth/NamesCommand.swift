import ArgumentParser
import Names
import Operations
import Registries
import RoutingConfig
import Settings

/// `berth names`: what a tier's sources say, and a registry's entries.
struct NamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "names",
        abstract: "Show names as a tier resolves them, and change the entries of a registry.",
        discussion: """
            Exit code 0: done; 1: the name does not exist, or the entry was not changed; 2: the \
            configuration, a source or the command line cannot be used.

            Example: berth names list --config rules/front.yaml
            """,
        subcommands: [NamesList.self, NamesGet.self, NamesSet.self, NamesRemove.self, NamesWatch.self]
    )
}

/// The options that all of them have.
struct NamesOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The tier's rule file or folder; may be given several times.", valueName: "path")
    )
    var config: [String]

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: ArgumentHelp("How long to wait for the sources, e.g. 5s.", valueName: "time"))
    var wait = "5s"

    func view() throws -> NamesInspector {
        guard let limit = Quantity.duration(wait) else {
            throw CommandFailure("--wait: '\(wait)' is not a time; write it like 5s or 500ms")
        }
        do {
            return try NamesInspector(try RuleFiles.load(config).names, limit: limit)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("berth names: \(error)")
        }
    }

    /// The entries of the registry that changes are for.
    func entries(prefix: String?) throws -> EtcdEntryStore {
        var clusters: [EtcdCluster] = []
        for case .etcd(let settings, origin: _) in try RuleFiles.load(config).names {
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
                "berth names: there are several etcd sources; choose with --prefix: \(prefixes)"
            )
        }
        do throws(RegistryError) { return try EtcdEntryStore(first) } catch {
            throw CommandFailure("berth names: \(error)")
        }
    }

    func show(_ rows: [NameListing]) throws {
        Terminal.output(json ? try NameListing.json(rows) : NameListing.table(rows))
    }
}

struct NamesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all names that the sources hold, with source, addresses, lease and identity."
    )
    @OptionGroup var options: NamesOptions

    func run() async throws {
        let view = try options.view()
        await view.settle()
        let rows = await view.rows()
        try options.show(rows)
        for trouble in view.troubles { Terminal.error("berth names: \(trouble)") }
        await view.stop()
        if !view.troubles.isEmpty { throw ExitCode(2) }
    }
}

struct NamesGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one name as a request would resolve it; DNS and the system are queried too."
    )
    @OptionGroup var options: NamesOptions
    @Argument(help: "The name.") var name: String

    func run() async throws {
        let view = try options.view()
        await view.settle()
        let found = await view.row(name.lowercased())
        await view.stop()
        switch found {
        case .success(let row?): try options.show([row])
        case .success(nil):
            Terminal.error("berth names: no source has '\(name)'")
            throw ExitCode(1)
        case .failure(let problem): throw CommandFailure("berth names: \(problem.reason)")
        }
    }
}

struct NamesSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Put an entry into the rule file's etcd.",
        discussion: "Example: berth names set --config rules/front.yaml host_03 10.0.0.7:9000 --ttl 60"
    )
    @OptionGroup var options: NamesOptions
    @Argument(help: "The name.") var name: String
    @Argument(help: "address:port, or the whole value as JSON.") var value: String
    @Option(help: "Its share compared with other addresses, 0 to 65535 (default 1).") var weight: UInt16?
    @Option(help: ArgumentHelp("The entry expires after this time.", valueName: "seconds")) var ttl: Int?
    @Flag(help: "Only if the entry does not exist.") var ifAbsent = false
    @Flag(help: "Overwrite an entry even if a running tier registered it.") var force = false
    @Option(help: "The prefix of the etcd source, if there are several.") var prefix: String?

    func run() async throws {
        if let ttl, !(1...(365 * 86400)).contains(ttl) {
            throw CommandFailure("--ttl: \(ttl) is not from 1 s to a year")
        }
        let json = value.hasPrefix("{") || value.hasPrefix("[{") || value.hasPrefix("[ ")
        guard let text = json ? value : EtcdEntryStore.value(value, weight: weight) else {
            throw CommandFailure(
                "'\(value)' is neither like 10.0.0.5:9000 nor JSON like {\"address\": \"10.0.0.5:9000\"}"
            )
        }
        if json, weight != nil { throw CommandFailure("--weight: write it into the JSON") }
        let entries = try options.entries(prefix: prefix)
        do throws(EtcdEntryStore.Refusal) {
            try await entries.set(name, value: text, ttl: ttl, ifAbsent: ifAbsent, force: force)
            await entries.shutDown()
        } catch {
            await entries.shutDown()
            throw CommandFailure("berth names: \(error)", code: error.exitCode)
        }
    }
}

struct NamesRemove: AsyncParsableCommand {
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

struct NamesWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "List all names, and then each change as it happens, one line for each name."
    )
    @OptionGroup var options: NamesOptions

    func run() async throws {
        let view = try options.view()
        let json = options.json
        let changes = view.changes()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await Signals.termination() }
            tasks.addTask {
                for await change in changes { Terminal.output(json ? change.json : change.text) }
            }
            defer { tasks.cancelAll() }
            await tasks.next()
        }
        await view.stop()
    }
}

extension EtcdEntryStore.Refusal {
    /// 1: the entry is as it was, on purpose; 2: it can't be done.
    var exitCode: Int32 {
        switch self {
        case .exists, .registered, .changed: 1
        case .value, .failed: 2
        }
    }
}
