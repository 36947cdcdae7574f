import ArgumentParser
import Operations

/// `berth names list`
struct NamesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all names of the sources, with source, addresses, lease and identity."
    )
    @OptionGroup var options: NamesOptions

    func run() async throws {
        let inspector = try options.inspector()
        await inspector.settle()
        let rows = await inspector.rows()
        try options.show(rows)
        for trouble in inspector.troubles { Terminal.error("berth names: \(trouble)") }
        await inspector.stop()
        if !inspector.troubles.isEmpty { throw ExitCode(2) }
    }
}
