import ArgumentParser
import Operations

/// `berth pools [NAME]`
struct PoolsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the endpoints of all targets, or of one target or pool (the default)."
    )
    @Argument(help: "A target, or a pool of the rule file (default: all).") var name: String?
    @OptionGroup var control: ControlOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let pools = try control.pools("berth pools")
        let report: PoolsReport
        do throws(ControlClient.Problem) {
            report = try await pools.report(of: name)
        } catch {
            throw ControlOptions.failure("berth pools", error)
        }
        let lines = PoolsTable.holds(report) + PoolsTable.splits(report) + PoolsTable.notes(report)
        for line in json ? [] : lines { Terminal.output(line) }
        Terminal.output(json ? try report.json() : PoolsTable.text(report))
    }
}
