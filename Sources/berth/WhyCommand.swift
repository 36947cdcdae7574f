import ArgumentParser
import Bytes
import Operations

/// `berth why`
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Tell what became of one request in both tiers, and why.",
        discussion: """
            Takes the request's id from the access log, from an error response, or from the field X-Request-ID. Give \
            --last HOST for the last request of a host. Tiers with --admin keep their last requests in memory.

            Exit code 0: found; 1: no such request is kept; 2: the tier cannot be reached.

            Example: berth why --last wordpress_container001_01.test.priv
            """
    )

    @Argument(help: "The id of a request.") var id: String?

    @Option(help: ArgumentHelp("The last request for this host.", valueName: "host")) var last: String?

    @OptionGroup var control: ControlOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (id == nil) != (last == nil) else {
            throw ValidationError("give the id of a request, or --last HOST")
        }
    }

    func run() async throws {
        let client = try control.requests("berth why")
        let report: RequestReport
        do throws(ControlClient.Problem) {
            if let id {
                report = try await client.request(id)
            } else {
                report = try await client.last(ofHost: last ?? "")
            }
        } catch {
            throw ControlOptions.failure("berth why", error)
        }
        Terminal.output(json ? report.json : WhyText.of(report))
    }
}
