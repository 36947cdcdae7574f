import ArgumentParser
import Glibc
import Linting
import Logging
import NIOCore
import Operations
import Proxy
import ProxyCore
import Routing
import RoutingConfig
import SystemSupport
import TLS

/// The options of both tiers.
struct TierOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A rule file, or a folder whose *.yaml files are read in name order. May be given several times.",
            valueName: "path"
        )
    )
    var config: [String]

    @Option(
        help: ArgumentHelp(
            "An address to listen on without TLS. May be given several times.",
            valueName: "address:port"
        )
    )
    var listen: [String] = []

    @OptionGroup var tls: TLSOptions

    @Option(
        help: ArgumentHelp(
            "The destination of the access log: 'off', '-' for standard output, 'syslog' for the log daemon, or a file.",
            valueName: "off|-|syslog|file"
        )
    )
    var accessLog = TierService.AccessLogDestination.standardOutput

    @Option(help: "The format of the access log: text or json.")
    var logFormat = LogFormatOption.text

    @OptionGroup var logFiles: LogFileOptions

    @Option(
        help: ArgumentHelp(
            "The maximum time for running requests to finish after SIGTERM, e.g. 30s.",
            valueName: "time"
        )
    )
    var drain = "30s"

    @Option(help: ArgumentHelp("The number of event loops (default: one for each core).", valueName: "count"))
    var loops: Int?

    @Flag(
        help: ArgumentHelp(
            "Accept a connection when its first bytes have arrived (TCP_DEFER_ACCEPT). Off by default, because clients that connect and send nothing are then not counted or timed out.",
            visibility: .default
        )
    )
    var deferAccept = false

    @Flag(
        help: ArgumentHelp(
            "Listen beside another instance of the same user at the same addresses, for a restart (SO_REUSEPORT).",
            visibility: .default
        )
    )
    var reusePort = false

    @Option(help: "The minimum severity of messages on standard error: debug, info, notice, warning, error.")
    var logLevel = LogLevelOption.notice

    @Option(
        help: ArgumentHelp(
            "The folder that keeps the last names of registries, for a start while they cannot be reached, and what operators have set.",
            valueName: "folder"
        )
    )
    var stateDir: String?

    @Option(
        help: ArgumentHelp(
            "A file that exists while the tier is ready: it listens, and its name sources have loaded.",
            valueName: "file"
        )
    )
    var readyFile: String?

    @OptionGroup(title: "Admin interface") var adminOptions: AdminListenOptions

    @Option(
        help: ArgumentHelp(
            "An address that serves /metrics for Prometheus, and nothing else (default: none).",
            valueName: "address:port"
        )
    )
    var metrics: String?

    @OptionGroup(title: "Registration") var registration: RegistrationOptions

    private static func message(_ problem: CertificateProblem) -> String {
        "berth: \(problem)" + (problem.hint.map { "\n  help: \($0)" } ?? "")
    }

    /// What this process has from another one.
    private func inheritance() throws(CommandFailure) -> Inheritance {
        do throws(TakeOverFailure) { return try Inheritance.receive() } catch {
            throw CommandFailure("berth: \(error)")
        }
    }

    func serve(as name: String, defaultListen: String) async throws {
        // Before anything runs: a signal that follows the report that the tier is ready is handled.
        let terminations = Signals.terminations()
        let hangups = Signals.hangups()
        let reopenings = Signals.reopenings()
        let upgrades = Signals.upgrades()
        let program = ProgramPath.current
        let inheritance = try inheritance()
        let logger = OperatorLog.start(level: logLevel.level)
        let secure = try tls.listeners()
        guard let limit = Quantity.duration(drain) else {
            throw CommandFailure("--drain: '\(drain)' is not a time; write it like 30s, 500ms or 2m")
        }
        let count = loops ?? System.coreCount
        guard (1...1024).contains(count) else {
            throw CommandFailure("--loops: \(count) is not a number from 1 to 1024")
        }
        let (accessLog, tapLog) = (try logFiles.accessLog(accessLog), try logFiles.tap())
        let registrations = try registration.plans(takesOver: reusePort || inheritance.isTakeOver)
        let admin = try adminOptions.options(tier: name)
        let rulesRead = WatchedRules(config)
        let inspected = try ConfigurationLoader.inspectForCommand(config)
        let unused = tapLog == nil ? UnusedTaps.findings(inspected) : []
        for warning in inspected.configuration.warnings + Linter.missingNames(inspected) + unused {
            Terminal.error(warning.rendered(color: Terminal.errorHasColor))
        }
        // Where the command line and the rule files name none.
        let isListening = !secure.isEmpty || !inspected.configuration.listeners.isEmpty
        let endpoints = try (listen.isEmpty && !isListening ? [defaultListen] : listen).map {
            try ListenAddress.parse($0)
        }
        DescriptorLimit.raise()

        var options = TierService.Options(
            listen: endpoints,
            secure: secure,
            loops: count,
            sharesPorts: reusePort,
            defersAccept: deferAccept,
            accessLog: accessLog,
            format: logFormat.format,
            drain: limit,
            stateDirectory: stateDir,
            registrations: registrations,
            readyFile: readyFile,
            rules: config,
            rulesRead: rulesRead
        )
        options.admin = admin
        options.commit = BuildCommit.current
        options.metrics = try metrics.map { try ListenAddress.parse($0, option: "--metrics") }
        options.logThreshold = OperatorLog.threshold
        options.reloadGuard = adminOptions.reloadGuard
        options.reloadsManually = adminOptions.reloadManually
        (options.inheritance, options.program) = (inheritance, program)
        let service: TierService
        do {
            service = try await TierService.start(
                TierPlan(name: name, inspected: inspected),
                options: options.recording(to: tapLog),
                logger: logger
            )
        } catch let failure as CertificateFailure {
            throw CommandFailure(failure.problems.map(Self.message).joined(separator: "\n"))
        } catch {
            throw CommandFailure("berth: \(error)")
        }
        let refused = await withTaskGroup(of: String?.self) { tasks in
            tasks.addTask {
                for await _ in terminations { break }
                return nil
            }
            tasks.addTask { await service.refused() }
            tasks.addTask {
                await service.drainRequested()
                return nil
            }
            tasks.addTask {
                await service.superseded()
                return nil
            }
            tasks.addTask {
                for await _ in upgrades { await service.upgrade() }
                return nil
            }
            tasks.addTask {
                for await _ in reopenings { service.reopenLogs() }
                return nil
            }
            tasks.addTask {
                for await _ in hangups { await service.reload() }
                return nil
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? nil
        }
        await service.stop()
        if let refused { throw CommandFailure("berth: --register: \(refused)") }
    }
}
