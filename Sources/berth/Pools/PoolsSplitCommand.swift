import ArgumentParser
import Operations

/// `berth pools split`
struct PoolsSplitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Show how requests are split between targets, or change the weights.",
        discussion: "Example: berth pools split shop shop-v2=100 shop-v1=0"
    )
    @Argument(help: "A target that is split, or its pool of the rule file.") var name: String
    @Argument(help: ArgumentHelp("The new weights; the other parts keep theirs.", valueName: "part=weight"))
    var weights: [String] = []
    @Flag(help: "Take the weights of the rule file again.") var reset = false
    @OptionGroup var control: ControlOptions

    func validate() throws {
        if reset, !weights.isEmpty { throw ValidationError("write either weights or --reset") }
        _ = try changes()
    }

    private func changes() throws -> [String: Int] {
        var changes: [String: Int] = [:]
        for text in weights {
            guard let mark = text.lastIndex(of: "="), let weight = Int(text[text.index(after: mark)...]),
                mark > text.startIndex
            else { throw ValidationError("'\(text)' is not a weight; write it like shop-v2=100") }
            guard changes.updateValue(weight, forKey: String(text[..<mark])) == nil else {
                throw ValidationError("'\(text[..<mark])' has two weights")
            }
        }
        return changes
    }

    func run() async throws {
        let command = "berth pools split"
        let pools = try control.pools(command)
        let changes = try changes()
        let report: PoolsReport
        do throws(ControlClient.Problem) {
            if reset {
                report = try await pools.split(name, weights: nil)
            } else if changes.isEmpty {
                report = try await pools.report(of: name)
            } else {
                report = try await pools.split(name, weights: changes)
            }
        } catch {
            throw ControlOptions.failure(command, error)
        }
        let lines = PoolsTable.splits(report)
        Terminal.output(lines.isEmpty ? "\(name) is not split" : lines.joined(separator: "\n"))
    }
}
