import ArgumentParser
import Operations
import RoutingConfig

/// `berth drain`
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract:
            "End a running tier: no longer ready first, then its listeners close, and running requests finish.",
        discussion: """
            The tier ends as on SIGTERM, after --wait: a load balancer that reads /ready sends no new requests until \
            then. Exit code 0: it drains; 2: no tier responds, or it drains already.

            Example: berth drain --wait 5s
            """
    )
    @Option(help: ArgumentHelp("How long the tier serves on after it is no longer ready.", valueName: "time"))
    var wait = "0s"
    @OptionGroup var control: ControlOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Report: Encodable {
        let draining: Bool
        let wait: Double
    }

    func run() async throws {
        guard let time = Quantity.duration(wait) else {
            throw CommandFailure("--wait: '\(wait)' is not a time; write it like 5s, 500ms or 1m")
        }
        let (seconds, attoseconds) = time.components
        let wait = Double(seconds) + Double(attoseconds) / 1e18
        let client = try control.tier("berth drain")
        do throws(ControlClient.Problem) { try await client.drain(wait: wait) } catch {
            throw ControlOptions.failure("berth drain", error)
        }
        if json {
            Terminal.output(try JSONText.pretty(Report(draining: true, wait: wait)))
        } else {
            Terminal.output(
                wait > 0 ? "the tier drains: its listeners close in \(self.wait)" : "the tier drains"
            )
        }
    }
}
