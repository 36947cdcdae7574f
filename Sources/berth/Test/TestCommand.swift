import ArgumentParser
import DryRun
import Glibc
import NIOCore
import Names
import Operations
import Proxy
import ProxyCore
import Routing
import RoutingConfig
import SystemSupport

/// `berth test`: where a URL would go, and why, without traffic.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Test rules without traffic: with URLs, files of cases, or a whole access log.",
        discussion: """
            With --front or --local: follow URLs through the tiers. The URLs are arguments, or lines of standard \
            input if there are none (or '-'). Exit code 0: every request reaches an endpoint, or a rule \
            responds with a status below 400; 1: a request is refused; 2: the configuration is wrong.

            Without these options: run files of cases, which name the rules that they test. A folder stands for \
            the *.cases.yaml files in it. Exit code 0: all cases pass; 1: a case fails, or the coverage is below \
            --fail-under; 2: a file is wrong.

            With --replay: send every request of an access log through the rules, and count the results. \
            Exit code 0: done; 2: a file is wrong.

            Example: berth test --front rules/front.yaml --local rules/local.yaml \
            http://wordpress_container001_01.test.priv/
            Example: berth test rules/
            Example: berth test --replay access.log --front rules/front.yaml
            """
    )

    @Option(help: ArgumentHelp("The front tier's rule file or folder.", valueName: "path"))
    var front: [String] = []

    @Option(help: ArgumentHelp("The local tier's rule file or folder.", valueName: "path"))
    var local: [String] = []

    @Option(help: "The request's method.")
    var method = "GET"

    @Option(
        help: ArgumentHelp(
            "A header field, as 'Name: value'. May be given several times.",
            valueName: "field"
        )
    )
    var header: [String] = []

    @Option(help: ArgumentHelp("The address that the request comes from.", valueName: "address"))
    var client = "127.0.0.1"

    @Option(
        help: ArgumentHelp(
            "The address of the front tier that the local tier sees (default: from the first network that it trusts).",
            valueName: "address"
        )
    )
    var frontAddress: String?

    @Option(
        help: ArgumentHelp(
            "An address that the first tier listens on: an endpoint there is a loop. May be given several times.",
            valueName: "address:port"
        )
    )
    var listen: [String] = []

    @Flag(help: "Show for every rule why it matched or did not match.")
    var explain = false

    @Flag(help: "Query no name source over the network: only names from files are known.")
    var offline = false

    @Flag(
        help: "Print one JSON object per line for each URL; without URLs the same as --format json."
    )
    var json = false

    @Option(
        help: ArgumentHelp(
            "The format of the report on cases: text, json, junit or tap.",
            valueName: "format"
        )
    )
    var format: CaseFormat?

    @Flag(help: "Replace expectations that differ by the actual results, and add missing ones.")
    var update = false

    @Option(
        help: ArgumentHelp(
            "Exit with 1 if coverage of rules and branches is below this.",
            valueName: "percent"
        )
    )
    var failUnder: Double?

    @Option(
        help: ArgumentHelp(
            "An access log to send through the rules; '-' is standard input.",
            valueName: "log"
        )
    )
    var replay: String?

    @Argument(
        help: ArgumentHelp(
            "URLs, or '-' for standard input; without --front and --local: files of cases.",
            valueName: "url|path"
        )
    )
    var urls: [String] = []

    func run() throws {
        if replay != nil {
            try runReplay()
        } else if !front.isEmpty || !local.isEmpty {
            guard format == nil, !update, failUnder == nil else {
                throw CommandFailure("berth test: --format, --update and --fail-under are for files of cases")
            }
            try runURLs()
        } else {
            guard !urls.isEmpty else {
                throw CommandFailure(
                    "berth test: name the rules with --front, --local or both, or give files of cases: "
                        + "berth test rules/"
                )
            }
            // A URL, and not a file.
            if let url = urls.first(where: { $0.contains("://") || $0 == "-" }) {
                throw CommandFailure(
                    "berth test: a URL needs the rules of a tier, with --front, --local or both: "
                        + "berth test --front rules/front.yaml --local rules/local.yaml \(url)"
                )
            }
            try runCases()
        }
    }

    private func runURLs() throws {
        var tiers: [DryRunTier] = []
        let machine = DryRunMachine(
            listening: try listen.map { try ListenAddress.parse($0) },
            ownAddresses: Tier.ownAddresses(),
            openPorts: offline ? [] : OpenPorts.read()
        )
        do {
            if !front.isEmpty { tiers.append(try dryRun("front", front, machine)) }
            if !local.isEmpty { tiers.append(try dryRun("local", local, front.isEmpty ? machine : nil)) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("berth: \(error)")
        }
        let run = DryRun(
            tiers,
            frontAddress: try parsedFrontAddress,
            explain: explain,
            machine: machine
        )
        let sender = try Self.address(client, "--client")
        let fields = try header.map(Self.field)
        var refused = false
        try forEachURL { url in
            var request = DryRunRequest(url: url, client: sender)
            request.method = method
            request.headers = fields
            let report = run.run(request)
            refused = refused || !report.succeeds
            Terminal.output(try render(report))
        }
        if refused { throw ExitCode(1) }
    }

    var parsedFrontAddress: IPAddress? {
        get throws { try frontAddress.map { try Self.address($0, "--front-address") } }
    }

    private func dryRun(_ name: String, _ paths: [String], _ machine: DryRunMachine?) throws -> DryRunTier {
        let configuration = try ConfigurationLoader.loadForCommand(paths)
        let certificates = RuleCertificates(configuration)
        let choice: DryRunTier.Certificates = { certificates.choice(for: $0, port: $1) }
        let certificate = certificates.listeners.isEmpty ? nil : choice
        if offline {
            let names = try NameTable(offline: configuration.names)
            return DryRunTier(
                name,
                configuration,
                names: .offline(names),
                machine: machine,
                certificate: certificate
            )
        }
        // Its sources run until the process ends.
        let sources = NameSources.shared
        let names = try NameDirectory(try sources.make(configuration.names), on: sources.group.next())
        names.start()
        return DryRunTier(
            name,
            configuration,
            names: .live(names),
            machine: machine,
            certificate: certificate
        )
    }

    private func render(_ report: DryRunReport) throws -> String {
        guard json else { return DryRunText(color: Terminal.outputHasColor).render(report) }
        return try JSONText.line(report)
    }

    /// Calls `body` for each URL. URLs are bytes: those from a file need not be UTF-8.
    private func forEachURL(_ body: ([UInt8]) throws -> Void) throws {
        guard urls.isEmpty || urls == ["-"] else {
            for url in urls { try body(Array(url.utf8)) }
            return
        }
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += chunk[..<count]
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                if end > start { try body(Array(rest[start..<end])) }
                start = end + 1
            }
            rest.removeFirst(start)
        }
        if !rest.isEmpty { try body(rest) }
    }

    private static func address(_ text: String, _ option: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw CommandFailure("\(option): '\(text)' is not an IP address")
        }
        return address
    }

    private static func field(_ text: String) throws -> (name: String, value: String) {
        guard let colon = text.firstIndex(of: ":") else {
            throw CommandFailure("--header: '\(text)' has no colon; write it like 'X-Beta: yes'")
        }
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let value = text[text.index(after: colon)...].drop(while: isBlank)
        let end = value.lastIndex { !isBlank($0) }.map(value.index(after:)) ?? value.startIndex
        return (String(text[..<colon]), String(value[..<end]))
    }
}
