import ArgumentParser
import Bytes
import Glibc
import Operations
import RoutingConfig
import ServerNames
import TLS

/// `berth certs [PATH...]`
struct CertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs",
        abstract:
            "List the certificates of a tier's listeners, upstreams and clients: for which names, until when.",
        discussion: """
            Without rule files: those of a running tier, over its control socket. With rule files: those that a tier \
            with these rules would load, each file checked. docs/tls.md explains the columns.

            Exit code 0: every file can be used; 1: a file cannot, a certificate has expired, or no certificate covers \
            --host; 2: the rules or the tier cannot be read.

            Example: berth certs
            Example: berth certs rules/front.yaml --host www.test.priv
            """
    )

    @Argument(help: ArgumentHelp("Rule files or folders: one set.", valueName: "path"))
    var paths: [String] = []

    @OptionGroup var control: ControlOptions

    @Option(
        help: ArgumentHelp("Show only what a client gets that wants this server name.", valueName: "name")
    )
    var host: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let name = try host.map(Self.serverName)
        var report = try await loaded()
        var isCovered = true
        if let name {
            for index in report.listeners.indices { report.listeners[index].keep(name) }
            report.upstreams = nil
            report.clients = nil
            isCovered = report.listeners.contains { !$0.certificates.isEmpty }
        }
        if json {
            Terminal.output(try report.json())
        } else {
            for note in CertificatesTable.notes(report) { Terminal.output(note) }
            Terminal.output(CertificatesTable.text(report))
        }
        if !report.isSound || !isCovered { throw ExitCode(1) }
    }

    private func loaded() async throws -> CertificatesReport {
        guard paths.isEmpty else {
            let configuration = try ConfigurationLoader.loadForCommand(paths)
            let now = time(nil)
            return CertificatesReport(
                listeners: configuration.listeners.compactMap { listener in
                    guard let tls = listener.tls else { return nil }
                    let store = CertificateStore.inspect(tls.certificates, now: now)
                    return CertificatesReport.Listener("\(listener.address)", store, now: now)
                },
                upstreams: CertificatesReport.upstreams(of: UpstreamTLSPlan(configuration), now: now),
                clients: CertificatesReport.clients(of: configuration.clientAuthorities, now: now)
            )
        }
        let client = try control.certificates("berth certs")
        do throws(ControlClient.Problem) {
            return try await client.report()
        } catch {
            throw ControlOptions.failure("berth certs", error)
        }
    }

    private static func serverName(_ text: String) throws -> ServerName {
        guard let name = ServerName(text) else {
            throw CommandFailure("--host: '\(Printable.text(text))' is not a host name or address")
        }
        return name
    }
}

extension CertificatesReport.Listener {
    /// Leaves only the certificate that a server name gets: the one whose name is most specific, or the default.
    fileprivate mutating func keep(_ name: ServerName) {
        var table = CertificateNameTable<Int>()
        for (index, item) in certificates.enumerated() {
            for text in item.names {
                if let own = CertificateName(text) { table.add(own, index) }
            }
        }
        let found = table.value(for: name) ?? certificates.firstIndex(where: \.isDefault)
        certificates = found.map { [certificates[$0]] } ?? []
        problems = []
    }
}
