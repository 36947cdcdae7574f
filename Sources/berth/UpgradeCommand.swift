import ArgumentParser
import Bytes
import Operations
import RoutingConfig
import SystemSupport

/// `berth upgrade`
struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract:
            "Replace the process of a running tier by a new one, without a connection that is refused or dropped.",
        discussion: """
            The tier starts its program again, as it is on disk now, with its own command line. The new process reads all \
            files, gets the listening sockets, and accepts; then the previous one completes what runs, and ends. Where \
            the new process fails, nothing changes, and the reason is printed.

            Exit code 0: the new process has the tier; 1: nothing has changed; 2: the tier cannot be reached.

            Example: berth upgrade
            """
    )

    @OptionGroup var control: ControlOptions

    @Option(
        help: ArgumentHelp(
            "Another program (default: that of the running process, as it is on disk now).",
            valueName: "path"
        )
    )
    var binary: String?

    @Option(
        help: ArgumentHelp(
            "The maximum time from the start of the new process until it accepts, e.g. 60s: its names have to be loaded.",
            valueName: "time"
        )
    )
    var timeout = "60s"

    @Flag(help: "Replace nothing; show the process that has the tier, and those before it that drain.")
    var status = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let client = try control.upgrade("berth upgrade")
        guard let time = Quantity.duration(timeout), time >= .seconds(1), time <= .seconds(3600) else {
            throw CommandFailure(
                "--timeout: '\(timeout)' is not a time from 1s to 1h; write it like 60s or 2m"
            )
        }
        if status { return try show(try await generations(client)) }
        let report: UpgradeReport
        do throws(ControlClient.Problem) {
            report = try await client.upgrade(
                binary: binary.map(ProgramPath.absolute),
                timeout: Int(time.components.seconds)
            )
        } catch {
            throw ControlOptions.failure("berth upgrade", error)
        }
        try show(report)
    }

    private func generations(_ client: UpgradeClient) async throws -> GenerationsReport {
        do throws(ControlClient.Problem) { return try await client.generations() } catch {
            throw ControlOptions.failure("berth upgrade", error)
        }
    }

    private func show(_ report: UpgradeReport) throws {
        if json {
            Terminal.output(try report.json())
        } else if report.upgraded {
            Terminal.output(
                Printable.text(
                    "generation \(report.generation) has the tier: process \(report.pid), version \(report.version ?? "-")"
                )
            )
        } else {
            Terminal.error(Printable.text("berth upgrade: \(report.error ?? "not upgraded")"))
            for line in report.lines { Terminal.error("  " + Printable.text(line)) }
            Terminal.error("process \(report.pid) goes on: nothing has changed")
        }
        if !report.upgraded { throw ExitCode(1) }
    }

    private func show(_ report: GenerationsReport) throws {
        if json { return Terminal.output(try report.json()) }
        Terminal.output("GENERATION  PID      VERSION   AGE       STATE     CONNECTIONS")
        for one in report.generations {
            let columns = [
                ("\(one.generation)", 10), ("\(one.pid)", 7), (Printable.text(one.version), 8),
                ("\(one.ageSeconds)s", 8), (one.draining ? "draining" : "serving", 8),
            ]
            let cells = columns.map { text, width in
                text + String(repeating: " ", count: max(0, width - text.count))
            }
            Terminal.output((cells + ["\(one.connections)"]).joined(separator: "  "))
        }
    }
}
