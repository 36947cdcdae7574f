import ArgumentParser
import Foundation
import Operations
import Proxy
import Routing
import RoutingConfig

/// `berth test`: where a URL would go, and why, without any traffic.
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Dry run: follow a request through both tiers without traffic.",
        discussion: """
            URLs are arguments, or lines of standard input when there are none (or '-').
            Exit code 0: every request reaches an endpoint, or a rule answers it with a status below \
            400; 1: one is refused; 2: the configuration is wrong.

            Example: berth test --front rules/front.yaml --local rules/local.yaml \
            http://wordpress_container001_01.test.priv/
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

    @Option(help: ArgumentHelp("The address the request comes from.", valueName: "address"))
    var client = "127.0.0.1"

    @Option(
        help: ArgumentHelp(
            "The address the local tier sees the front come from (default: the first network it trusts).",
            valueName: "address"
        )
    )
    var frontAddress: String?

    @Flag(help: "Show for every rule why it matched or not.")
    var explain = false

    @Flag(help: "Ask no name source over the network: names that are in no file are not known.")
    var offline = false

    @Flag(help: "Print one JSON object for each URL, on a line of its own.")
    var json = false

    @Argument(help: ArgumentHelp("What to test; '-' reads standard input.", valueName: "url"))
    var urls: [String] = []

    func run() throws {
        guard !front.isEmpty || !local.isEmpty else {
            throw CommandFailure("berth test: give the rules to test with --front, --local or both")
        }
        var stages: [DryRun.Stage] = []
        do {
            if !front.isEmpty { stages.append(try stage("front", front)) }
            if !local.isEmpty { stages.append(try stage("local", local)) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("berth: \(error)")
        }
        let run = DryRun(
            stages,
            frontAddress: try frontAddress.map { try Self.address($0, "--front-address") },
            explain: explain
        )
        let sender = try Self.address(client, "--client")
        let fields = try header.map(Self.field)
        var refused = false
        try forEachURL { url in
            var request = DryRun.Request(url: url, client: sender)
            request.method = method
            request.headers = fields
            let report = run.run(request)
            refused = refused || !report.succeeds
            Terminal.output(try render(report))
        }
        if refused { throw ExitCode(1) }
    }

    private func stage(_ name: String, _ paths: [String]) throws -> DryRun.Stage {
        let configuration = try RuleFiles.load(paths)
        return try DryRun.Stage(
            TierPlan(name: name, configuration: configuration, instance: "dry-run"),
            files: configuration.files,
            offline: offline
        )
    }

    private func render(_ report: DryRunReport) throws -> String {
        guard json else { return DryRunText(color: Terminal.outputHasColor).render(report) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    /// The URLs as bytes: what comes from a file need not be text.
    private func forEachURL(_ body: ([UInt8]) throws -> Void) throws {
        guard urls.isEmpty || urls == ["-"] else {
            for url in urls { try body(Array(url.utf8)) }
            return
        }
        var rest: [UInt8] = []
        while true {
            let chunk = FileHandle.standardInput.readData(ofLength: 64 << 10)
            if chunk.isEmpty { break }
            rest += chunk
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
        return (
            String(text[..<colon]),
            text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        )
    }
}
