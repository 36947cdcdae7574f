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
import SystemSupport

/// `berth demo`: both tiers and demo containers in one process.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a front tier, two local tiers and demo containers on loopback.",
        discussion: """
            The hosts 01 and 02 are the loopback addresses 127.0.1.1 and 127.0.2.1. The file rules/hosts has \
            the names of the containers.

            Example: berth demo --listen 127.0.0.1:8080
            """
    )

    @Option(help: ArgumentHelp("The folder with front.yaml, local.yaml and hosts.", valueName: "folder"))
    var rules = "rules"

    @Option(help: ArgumentHelp("The address that the front tier listens on.", valueName: "address:port"))
    var listen = "127.0.0.1:8080"

    @Option(
        help: ArgumentHelp(
            "The destination of the access log: 'off', '-' for standard output, or a file.",
            valueName: "off|-|file"
        )
    )
    var accessLog = TierService.AccessLogDestination.standardOutput

    func run() async throws {
        let logger = OperatorLog.start(level: .warning)
        let front = try ConfigurationLoader.loadForCommand(["\(rules)/front.yaml"])
        let local = try ConfigurationLoader.loadForCommand(["\(rules)/local.yaml"])
        let listen = try ListenAddress.parse(listen)
        DescriptorLimit.raise()
        let group = MultiThreadedEventLoopGroup.singleton

        var containers: [DemoContainer] = []
        var services: [TierService] = []
        do {
            for (host, container, address) in Self.containers {
                containers.append(
                    try await DemoContainer.start(
                        greeting: "Hello from \(container) on host \(host).",
                        at: try Self.endpoint(address, 8080),
                        group: group
                    )
                )
            }
            for address in ["127.0.1.1", "127.0.2.1"] {
                services.append(
                    try await TierService.start(
                        TierPlan(name: "local", configuration: local),
                        options: TierService.Options(
                            listen: [try Self.endpoint(address, 9000)],
                            loops: 1,
                            accessLog: .off,
                            drain: .seconds(1)
                        ),
                        logger: logger
                    )
                )
            }
            services.append(
                try await TierService.start(
                    TierPlan(name: "front", configuration: front),
                    options: TierService.Options(
                        listen: [listen],
                        loops: 1,
                        accessLog: accessLog,
                        drain: .seconds(1)
                    ),
                    logger: logger
                )
            )
        } catch {
            throw CommandFailure("berth demo: \(error)")
        }
        Terminal.output(Self.welcome(listen))
        await Signals.termination()
        // Front first, so that running requests still reach the local tiers.
        for service in services.reversed() { await service.stop() }
        for container in containers { await container.stop() }
    }

    /// As in rules/hosts.
    private static let containers = [
        ("01", "container001", "127.0.1.11"),
        ("01", "container002", "127.0.1.12"),
        ("02", "container001", "127.0.2.11"),
        ("02", "container002", "127.0.2.12"),
    ]

    private static func endpoint(_ address: String, _ port: UInt16) throws -> Endpoint {
        guard let address = IPAddress(address) else { throw CommandFailure("'\(address)' is not an address") }
        return Endpoint(address: address, port: port)
    }

    private static func welcome(_ listen: Endpoint) -> String {
        """
        Berth is running: a front tier on \(listen), local tiers on 127.0.1.1:9000 (host 01) and
        127.0.2.1:9000 (host 02), each with two demo containers. Try in another shell:

            curl -H 'Host: wordpress_container001_01.test.priv' http://\(listen)/
            curl -H 'Host: wordpress_container002_02.test.priv' http://\(listen)/
            curl -i -H 'Host: nothing.example' http://\(listen)/
            .build/release/berth test --front rules/front.yaml --local rules/local.yaml \\
                http://wordpress_container001_01.test.priv/

        Ctrl-C stops it. The front tier's access log follows.
        """
    }
}
