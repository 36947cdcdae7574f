import ArgumentParser
import Foundation
import NginxImport
import Routing
import RoutingConfig

/// `berth import`: rule files of other proxies' configurations.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Convert another proxy's configuration into a rule file.",
        discussion: "Example: berth import nginx /etc/nginx/nginx.conf > rules/front.yaml",
        subcommands: [ImportNginx.self]
    )
}

/// `berth import nginx`: what its servers decide, as rules.
struct ImportNginx: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nginx",
        abstract: "Convert an nginx configuration into a rule file that makes the same decisions.",
        discussion: """
            What cannot be translated is listed on standard error and in the file's comments, with its line.
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

    @Flag(help: "Print a JSON object with the rule file and the findings.")
    var json = false

    @Argument(help: ArgumentHelp("nginx.conf, or a file of conf.d or sites-enabled.", valueName: "path"))
    var path: String

    func run() throws {
        let files = NginxFiles(main: path)
        let bytes: [UInt8]
        do {
            bytes = try files.read(path)
        } catch {
            throw CommandFailure("berth import: \(error)")
        }
        let result: NginxImport
        do throws(NginxError) {
            result = try NginxImport(bytes, file: files.shown(path), listen: listen, include: files.find)
        } catch {
            throw CommandFailure(error.diagnostic.rendered(color: Terminal.errorHasColor))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.output(String(decoding: try encoder.encode(ImportReport(result)), as: UTF8.self))
        } else {
            if !result.yaml.isEmpty { Terminal.output(String(result.yaml.dropLast())) }
            for finding in result.findings {
                Terminal.error("\(finding.kind == .note ? "note" : "not translated"): \(finding.text)")
            }
        }
        if !result.isWhole { throw ExitCode(1) }
    }
}

/// Finds and reads the files of an nginx configuration.
struct NginxFiles {
    /// The folder that relative includes count from: nginx.conf's own.
    private let folder: String

    init(main: String) {
        let slash = main.lastIndex(of: "/")
        folder = slash.map { String(main[...$0]) } ?? ""
    }

    /// Paths below the folder without it.
    func shown(_ path: String) -> String {
        !folder.isEmpty && path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: in words, when there is no such file, or too much of it.
    func read(_ path: String) throws(Unreadable) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: NginxLimits.maxFileBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        if ferror(file) != 0 { throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))") }
        guard count <= NginxLimits.maxFileBytes else {
            throw Unreadable(description: "\(path): larger than \(NginxLimits.maxFileBytes >> 20) MiB")
        }
        return Array(bytes[..<count])
    }

    /// What an `include` names: a file, or a pattern whose matches are taken in the order of their names.
    func find(_ pattern: String) -> NginxInclude {
        let path = pattern.hasPrefix("/") ? pattern : folder + pattern
        guard path.contains(where: { "*?[".contains($0) }) else {
            do throws(Unreadable) {
                return .files([(shown(path), try read(path))])
            } catch {
                return .unreadable(error.description)
            }
        }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(path, 0, nil, &found) == 0, let paths = found.gl_pathv else { return .files([]) }
        var files: [(name: String, bytes: [UInt8])] = []
        for index in 0..<min(Int(found.gl_pathc), NginxLimits.maxFiles) {
            guard let text = paths[index] else { continue }
            let path = String(cString: text)
            do throws(Unreadable) {
                files.append((shown(path), try read(path)))
            } catch {
                return .unreadable(error.description)
            }
        }
        return .files(files)
    }
}

/// The result as JSON.
private struct ImportReport: Encodable {
    struct Finding: Encodable {
        let file: String
        let line: Int
        let column: Int
        let directive: String
        let reason: String

        init(_ finding: NginxFinding) {
            file = finding.position.file
            line = finding.position.line
            column = finding.position.column
            directive = finding.what
            reason = finding.why
        }
    }

    struct Ignored: Encodable {
        let directive: String
        let file: String
        let line: Int
    }

    let whole: Bool
    let rules: Int
    let listen: String?
    let yaml: String
    let untranslated: [Finding]
    let notes: [Finding]
    let ignored: [Ignored]

    init(_ result: NginxImport) {
        whole = result.isWhole
        rules = result.ruleCount
        listen = result.listen
        yaml = result.yaml
        untranslated = result.findings.filter { $0.kind == .untranslated }.map(Finding.init)
        notes = result.findings.filter { $0.kind == .note }.map(Finding.init)
        ignored = result.ignored.map {
            Ignored(directive: $0.name, file: $0.position.file, line: $0.position.line)
        }
    }
}

extension NginxError {
    fileprivate var diagnostic: Diagnostic {
        // Columns of configurations are bytes; what stands in front decides where the caret is.
        let column =
            String(decoding: sourceLine.utf8.prefix(max(0, position.column - 1)), as: UTF8.self)
            .unicodeScalars
            .count + 1
        return Diagnostic(
            code: .badValue,
            file: position.file,
            line: position.line,
            column: column,
            message: message,
            hint: hint,
            sourceLine: sourceLine
        )
    }
}
