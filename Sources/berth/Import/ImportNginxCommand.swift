import ArgumentParser
import NginxImport
import RoutingConfig

/// `berth import nginx`: a rule file from an nginx configuration.
struct ImportNginxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nginx",
        abstract: "Print the rule file that decides as an nginx configuration does.",
        discussion: """
            What is not translated is listed on standard error and in the rule file's comments, with its line.
            Exit code 0: everything is translated; 1: something is not; 2: the configuration cannot be read.

            Example: berth import nginx /etc/nginx/nginx.conf > rules/front.yaml
            """
    )

    @Option(
        help: ArgumentHelp(
            "The socket whose servers are translated: a port or address:port (default: the one with the most servers).",
            valueName: "address:port"
        )
    )
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "nginx's configuration folder, where relative includes start (default: the folder of nginx.conf, beside or above the file).",
            valueName: "folder"
        )
    )
    var prefix: String?

    @Flag(help: "Print a JSON object with the rule file and the findings.")
    var json = false

    @Argument(help: ArgumentHelp("nginx.conf, or a file from conf.d or sites-enabled.", valueName: "path"))
    var path: String

    func run() throws {
        let files = NginxFiles(main: path, prefix: prefix)
        let bytes: [UInt8]
        do {
            bytes = try files.read(path)
        } catch {
            throw CommandFailure("berth import: \(error)")
        }
        let result: NginxImport
        do throws(NginxError) {
            result = try NginxImport(
                bytes,
                file: files.shown(path),
                listen: listen,
                include: files.find,
                page: PageFiles.problem
            )
        } catch {
            throw CommandFailure(error.diagnostic.rendered(color: Terminal.errorHasColor))
        }
        if json {
            Terminal.output(try JSONText.pretty(ImportReport(result)))
        } else {
            if !result.yaml.isEmpty { Terminal.output(String(result.yaml.dropLast())) }
            for finding in result.findings {
                Terminal.error("\(finding.kind == .note ? "note" : "not translated"): \(finding.text)")
            }
        }
        if !result.isWhole { throw ExitCode(1) }
    }
}
