import ArgumentParser
import Operations
import RoutingConfig

/// `berth pause`
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Let new requests for a target wait until it is resumed.",
        discussion: "Example: berth pause --max 30s wordpress_01; …; berth resume wordpress_01"
    )
    @Argument(help: "The target.") var name: String
    @Option(help: ArgumentHelp("How long each request waits at most; then it gets 503.", valueName: "time"))
    var max = "30s"
    @OptionGroup var control: ControlOptions
    @OptionGroup var records: RecordOptions

    func run() async throws {
        guard let limit = Quantity.duration(max) else {
            throw CommandFailure("--max: '\(max)' is not a time; write it like 30s, 500ms or 2m")
        }
        let isDone = try await records.run("berth pause", control) {
            (records, _) async throws(RecordCommands.Problem) in
            try await records.pause(name, max: limit)
        }
        if isDone { return }
        let pools = try control.pools("berth pause")
        do throws(ControlClient.Problem) {
            try await pools.pause(name, max: limit)
        } catch {
            throw ControlOptions.failure("berth pause", error)
        }
    }
}

/// `berth stop`
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Respond to requests for a target with 503 until it is resumed. Running requests finish."
    )
    @Argument(help: "The target.") var name: String
    @Option(help: "What the response says, in printable ASCII.") var message: String?
    @OptionGroup var control: ControlOptions
    @OptionGroup var records: RecordOptions

    func run() async throws {
        let isDone = try await records.run("berth stop", control) {
            (records, _) async throws(RecordCommands.Problem) in
            try await records.stop(name, message: message)
        }
        if isDone { return }
        let pools = try control.pools("berth stop")
        do throws(ControlClient.Problem) {
            try await pools.stop(name, message: message)
        } catch {
            throw ControlOptions.failure("berth stop", error)
        }
    }
}

/// `berth resume`
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End a pause or a stop: requests that wait go on, in their order."
    )
    @Argument(help: "The target.") var name: String
    @OptionGroup var control: ControlOptions
    @OptionGroup var records: RecordOptions

    func run() async throws {
        let isDone = try await records.run("berth resume", control) {
            (records, _) async throws(RecordCommands.Problem) in
            try await records.resume(name)
        }
        if isDone { return }
        let pools = try control.pools("berth resume")
        do throws(ControlClient.Problem) {
            try await pools.resume(name)
        } catch {
            throw ControlOptions.failure("berth resume", error)
        }
    }
}
