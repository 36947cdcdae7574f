import ArgumentParser
import Bytes
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
        try options.show(await inspector.listings())
        for warning in inspector.warnings { Terminal.error("berth names: \(Printable.text(warning))") }
        let problems = inspector.problems
        for problem in problems { Terminal.error("berth names: \(Printable.text(problem))") }
        await inspector.stop()
        if !problems.isEmpty { throw ExitCode(2) }
    }
}
