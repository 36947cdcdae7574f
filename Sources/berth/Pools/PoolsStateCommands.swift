import ArgumentParser
import Balancing
import Operations

/// What the commands that set a state have in common.
struct PoolsStateOptions: ParsableArguments {
    @Argument(help: "A target, or a pool of the rule file.") var name: String
    @Argument(help: ArgumentHelp("The endpoint.", valueName: "address:port")) var endpoint: String
    @OptionGroup var control: ControlOptions

    func set(_ state: EndpointSettings.AdministrativeState) async throws {
        let command = "berth pools \(state.rawValue)"
        let pools = try control.pools(command)
        do throws(ControlClient.Problem) {
            Terminal.output(PoolsTable.text(try await pools.set(state, of: endpoint, in: name)))
        } catch {
            throw ControlOptions.failure(command, error)
        }
    }
}

/// `berth pools up`
struct PoolsUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Send requests to an endpoint again."
    )
    @OptionGroup var options: PoolsStateOptions

    func run() async throws { try await options.set(.up) }
}

/// `berth pools drain`
struct PoolsDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Send an endpoint only the requests that are bound to it (sticky). Running requests finish."
    )
    @OptionGroup var options: PoolsStateOptions

    func run() async throws { try await options.set(.drain) }
}

/// `berth pools down`
struct PoolsDownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Send an endpoint no requests. Running requests finish."
    )
    @OptionGroup var options: PoolsStateOptions

    func run() async throws { try await options.set(.down) }
}
