import ArgumentParser
import Bytes
import Operations
import RoutingConfig

/// `berth deploy`
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Lead a target's requests to new endpoints, when all of them are healthy.",
        discussion: """
            The tier probes the new endpoints until all are healthy, then sends them all new requests at once. The \
            command returns when no request runs at the previous endpoints, or after --drain-timeout.

            Exit codes: 0: done; 1: an endpoint did not become healthy, or with --reset, the target is not deployed: \
            nothing has changed; 2: no tier responds, it refuses, or the command line cannot be used.

            Example: berth deploy wordpress_01 --to 10.0.0.5:8080 --health-path /up
            """
    )
    @Argument(help: "The target.") var name: String
    @Option(
        help: ArgumentHelp("A new endpoint. May be given several times.", valueName: "address:port")
    )
    var to: [String] = []
    @Flag(help: "Give the target back to its name sources.") var reset = false
    @Option(
        help: ArgumentHelp(
            "Probe with GET for this path, where the pool has no health check (default: a connection is enough).",
            valueName: "path"
        )
    )
    var healthPath: String?
    @Option(help: ArgumentHelp("The Host of these probes (default: the endpoint).", valueName: "host"))
    var healthHost: String?
    @Option(help: ArgumentHelp("How long the endpoints have to become healthy.", valueName: "time"))
    var timeout = "30s"
    @Option(help: ArgumentHelp("From one probe of an endpoint to the next.", valueName: "time"))
    var interval = "1s"
    @Option(
        help: ArgumentHelp(
            "How long the running requests of the previous endpoints are waited for.",
            valueName: "time"
        )
    )
    var drainTimeout = "30s"
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var control: ControlOptions
    @OptionGroup var records: RecordOptions

    func validate() throws {
        guard reset != !to.isEmpty else {
            throw ValidationError(
                reset
                    ? "--reset has no --to"
                    : "name the new endpoints with --to, or give the name back with --reset"
            )
        }
    }

    func run() async throws {
        var request = DeployRequest(endpoints: to)
        request.timeout = try Self.seconds("--timeout", timeout)
        request.interval = try Self.seconds("--interval", interval)
        request.drainTimeout = try Self.seconds("--drain-timeout", drainTimeout)
        request.healthPath = healthPath
        request.healthHost = healthHost
        var written: DeployReport?
        let isDone = try await records.run("berth deploy", control) {
            (records, configuration) async throws(RecordCommands.Problem) in
            let deployment = try RegistryDeployment(
                name,
                request,
                records,
                table: configuration.table,
                upstreams: UpstreamTLSPlan(configuration),
                controlPlane: ControlPlane(configuration.names).endpoints
            )
            written = reset ? try await deployment.reset() : try await deployment.run()
        }
        if let written { return try show(written) }
        guard !isDone else { return }
        let pools = try control.pools("berth deploy")
        let report: DeployReport
        do throws(ControlClient.Problem) {
            report =
                if reset {
                    try await pools.reset(name, drainTimeout: request.drainTimeout ?? 0)
                } else {
                    try await pools.deploy(name, request)
                }
        } catch {
            throw ControlOptions.failure("berth deploy", error)
        }
        try show(report)
    }

    func show(_ report: DeployReport) throws {
        if json { Terminal.output(try report.json()) }
        let lines = json ? [] : report.text(drainTimeout: drainTimeout).map(Printable.text)
        guard let error = report.error else {
            for line in lines { Terminal.output(line) }
            return
        }
        let message = "berth deploy: \(Printable.text("\(report.target): \(error)"))"
        throw CommandFailure(([message] + lines).joined(separator: "\n"), code: 1)
    }

    private static func seconds(_ option: String, _ text: String) throws(CommandFailure) -> Double {
        guard let time = Quantity.duration(text) else {
            throw CommandFailure("\(option): '\(text)' is not a time; write it like 30s, 500ms or 2m")
        }
        return time / .seconds(1)
    }
}
