import ArgumentParser
import Bytes
import Names
import Operations

/// `berth names get`
struct NamesGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Resolve one name as for a request: DNS and the system are queried, too."
    )
    @OptionGroup var options: NamesOptions
    @Argument(help: "The name.") var name: String

    func run() async throws {
        let inspector = try options.inspector()
        await inspector.settle()
        let found = await inspector.listing(of: name.lowercased())
        await inspector.stop()
        switch found {
        case .success(let listing?): try options.show([listing])
        case .success(nil):
            Terminal.error("berth names: no source has the name '\(name)'")
            for warning in inspector.warnings where warning.contains("'\(name.lowercased())'") {
                Terminal.error("berth names: \(Printable.text(warning))")
            }
            throw ExitCode(1)
        case .failure(let problem): throw CommandFailure("berth names: \(Printable.text(problem.reason))")
        }
    }
}
