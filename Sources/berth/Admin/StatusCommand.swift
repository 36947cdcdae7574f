import ArgumentParser
import Bytes
import Operations

/// `berth status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract:
            "Show the state of a running tier: whether it is ready, its rules, name sources and connections.",
        discussion: """
            Exit code 0: the tier is ready; 1: it is not ready, it drains, or its rules are not those of its files; \
            2: no tier responds. With --ready the rules do not count.

            Example: berth status
            """
    )
    @OptionGroup var control: ControlOptions
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Only whether the tier takes requests, whatever its last reload found: for health checks.")
    var ready = false

    func run() async throws {
        let client = try control.tier("berth status")
        let status: StatusReport
        do throws(ControlClient.Problem) { status = try await client.status() } catch {
            throw ControlOptions.failure("berth status", error)
        }
        let takesRequests = status.ready && !status.draining
        if ready {
            Terminal.output(takesRequests ? "ready" : "not ready")
            if !takesRequests { throw ExitCode(1) }
            return
        }
        Terminal.output(json ? try AdminJSON.text(status) : StatusText.text(status))
        if !takesRequests || status.rules.reloads.lastError != nil { throw ExitCode(1) }
    }
}
