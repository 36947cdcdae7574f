import ArgumentParser
import Glibc
import Logging
import NIOCore
import NIOPosix
import Operations
import Proxy
import ProxyCore
import Routing
import RoutingConfig

/// `berth front`: the tier for the wildcard DNS name.
struct Front: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the front tier: match hostnames and forward to their hosts.",
        discussion: "Example: berth front --config rules/front.yaml --listen 0.0.0.0:8080"
    )
    @OptionGroup var options: TierOptions

    func run() async throws {
        try await options.serve(as: "front", defaultListen: "0.0.0.0:8080")
    }
}

/// `berth local`: the tier on each host.
struct Local: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the local tier: match hostnames and forward to this host's containers.",
        discussion: "Example: berth local --config rules/local.yaml --listen 0.0.0.0:9000"
    )
    @OptionGroup var options: TierOptions

    func run() async throws {
        try await options.serve(as: "local", defaultListen: "0.0.0.0:9000")
    }
}

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
        help: ArgumentHelp("An address to listen on. May be given several times.", valueName: "address:port")
    )
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the access log goes: 'off', '-' for standard output, or a file.",
            valueName: "off|-|file"
        )
    )
    var accessLog = "-"

    @Option(help: "The format of the access log: text or json.")
    var logFormat = LogFormatOption.text

    @Option(
        help: ArgumentHelp(
            "The maximum time for running requests to finish after SIGTERM, e.g. 30s.",
            valueName: "time"
        )
    )
    var drain = "30s"

    @Option(help: ArgumentHelp("Event loops (default: one for each core).", valueName: "count"))
    var loops: Int?

    @Option(help: "The minimum severity of messages on standard error: debug, info, notice, warning, error.")
    var logLevel = LogLevelOption.notice

    @Option(
        help: ArgumentHelp(
            "A folder for the last names of registries, for a start while they cannot be reached.",
            valueName: "folder"
        )
    )
    var stateDir: String?

    @Option(
        help: ArgumentHelp(
            "A file that exists while the tier is ready: it listens, and its name sources are loaded.",
            valueName: "file"
        )
    )
    var readyFile: String?

    @OptionGroup(title: "Registration") var registration: RegistrationOptions

    func serve(as name: String, defaultListen: String) async throws {
        let logger = OperatorLog.start(level: logLevel.level)
        let endpoints = try (listen.isEmpty ? [defaultListen] : listen).map(Self.endpoint)
        guard let limit = Quantity.duration(drain) else {
            throw CommandFailure("--drain: '\(drain)' is not a time; write it like 30s, 500ms or 2m")
        }
        let count = loops ?? System.coreCount
        guard (1...1024).contains(count) else {
            throw CommandFailure("--loops: \(count) is not a number from 1 to 1024")
        }
        let publication = try registration.publication()
        let registration = try registration.plan()
        let configuration = try RuleFiles.load(config)
        for warning in configuration.warnings {
            Terminal.error(warning.rendered(color: Terminal.errorHasColor))
        }
        Resources.raiseDescriptorLimit()

        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        let service: TierService
        do {
            service = try await TierService.start(
                TierPlan(name: name, configuration: configuration),
                options: TierService.Options(
                    listen: endpoints,
                    accessLog: destination,
                    format: logFormat.format,
                    drain: limit,
                    stateDirectory: stateDir,
                    registration: registration,
                    publication: publication,
                    readyFile: readyFile,
                    rules: config
                ),
                group: group,
                logger: logger
            )
        } catch {
            throw CommandFailure("berth: \(error)")
        }
        Signals.onHangup { Task { await service.reload() } }
        let refused = await withTaskGroup(of: String?.self) { tasks in
            tasks.addTask {
                await Signals.termination()
                return nil
            }
            tasks.addTask { await service.refused() }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? nil
        }
        await service.stop()
        try? await group.shutdownGracefully()
        if let refused { throw CommandFailure("berth: --register: \(refused)") }
    }

    private var destination: TierService.AccessLogDestination {
        switch accessLog {
        case "off": .off
        case "-": .standardOutput
        default: .file(accessLog)
        }
    }

    static func endpoint(_ text: String) throws -> Endpoint {
        // ':8080' is every address of the machine, as people write it elsewhere.
        guard let endpoint = Endpoint(text.hasPrefix(":") ? "0.0.0.0" + text : text) else {
            throw CommandFailure(
                "--listen: '\(text)' is not an address and port; write it like 0.0.0.0:8080 or [::]:8080"
            )
        }
        return endpoint
    }
}

/// The words of `--log-format`.
enum LogFormatOption: String, ExpressibleByArgument, CaseIterable {
    case text, json

    var format: AccessLogFormat { self == .json ? .json : .text }
}

/// The words of `--log-level`.
enum LogLevelOption: String, ExpressibleByArgument, CaseIterable {
    case debug, info, notice, warning, error

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .notice }
}

/// Rule files, loaded for a command.
enum RuleFiles {
    static func load(_ paths: [String]) throws(CommandFailure) -> Configuration {
        do {
            return try ConfigurationLoader.load(paths)
        } catch {
            throw CommandFailure(error.rendered(color: Terminal.errorHasColor))
        }
    }
}

/// The log for operators, on standard error.
enum OperatorLog {
    static func start(level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "berth")
    }
}

enum Resources {
    /// Two descriptors for each exchange: as many as the system allows.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
