import ArgumentParser
import Operations
import RoutingConfig

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

    func show(_ listings: [NameListing]) throws {
        Terminal.output(json ? try NameListing.json(listings) : NameListing.table(listings))
    }
}
