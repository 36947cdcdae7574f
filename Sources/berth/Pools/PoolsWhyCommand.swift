import ArgumentParser
import Operations

/// `berth pools why`
struct PoolsWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Tell what happened at the endpoints of a target, and what happens next."
    )
    @Argument(help: "A target, or a pool of the rule file.") var name: String
    @OptionGroup var control: ControlOptions

    func run() async throws {
        let pools = try control.pools("berth pools why")
        do throws(ControlClient.Problem) {
            let report = try await pools.report(of: name)
            for line in PoolsTable.splits(report) { Terminal.output(line) }
            if !report.targets.isEmpty || report.splits.isEmpty { Terminal.output(PoolsStory.text(report)) }
        } catch {
            throw ControlOptions.failure("berth pools why", error)
        }
    }
}
