import ArgumentParser
import Operations

/// `berth names loaded`
struct NamesLoadedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loaded",
        abstract: "List the names that a running tier has loaded, with source, endpoints and age.",
        discussion: """
            Unlike the other commands it reads no rule file and no registry: it shows what the tier resolves now.
            Exit code 0: done; 1: no name matches; 2: no tier responds, or the command line cannot be used.

            Example: berth names loaded --prefix host_
            """
    )
    @Option(help: ArgumentHelp("Only names that begin so.", valueName: "text")) var prefix: String?
    @Option(
        help: ArgumentHelp("Only names of this source, or of this kind: etcd, dns, …", valueName: "source")
    )
    var source: String?
    @Option(help: ArgumentHelp("The maximum number of names (default: 1000).", valueName: "count")) var limit:
        Int?
    @OptionGroup var control: ControlOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        if let limit, limit < 0 { throw CommandFailure("--limit: \(limit) is not a number from 0") }
        let client = try control.tier("berth names loaded")
        let names: LoadedNames
        do throws(ControlClient.Problem) {
            names = try await client.names(source: source, prefix: prefix, limit: limit)
        } catch {
            throw ControlOptions.failure("berth names loaded", error)
        }
        if json {
            Terminal.output(try AdminJSON.text(names))
        } else {
            Terminal.output(LoadedNamesText.table(names))
            if names.total > names.names.count {
                Terminal.error("\(names.names.count) of \(names.total) names are shown: --limit shows more")
            }
        }
        if names.total == 0 { throw ExitCode(1) }
    }
}
