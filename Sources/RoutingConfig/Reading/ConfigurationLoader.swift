import Routing

/// Makes a ``Configuration`` of rule files, or says everything that is wrong with them.
///
///     let configuration = try ConfigurationLoader.load(["rules/front.yaml"])
///
/// May be called from any thread; it blocks while it reads and compiles.
public enum ConfigurationLoader {
    /// The largest rule file that is read, bytes.
    public static let maxFileBytes = 64 << 20

    /// Loads one set of rule files.
    ///
    /// - Parameter paths: files, and folders that stand for the `*.yaml` and `*.yml` in
    ///   them. They are one set, read in the order of their names: a name of a rule, or a
    ///   limit, may be set once in all of them.
    /// - Throws: every finding of every file, not just the first.
    public static func load(_ paths: [String]) throws(ConfigurationFailure) -> Configuration {
        try inspect(paths).configuration
    }

    /// As `load(_:)`, and keeps where everything stands.
    public static func inspect(_ paths: [String]) throws(ConfigurationFailure) -> InspectedConfiguration {
        let findings = DiagnosticCollector()
        var files: [String] = []
        for path in paths {
            do throws(RuleFiles.Fault) {
                files += try RuleFiles.expand(path)
            } catch {
                findings.add(
                    Diagnostic(code: error.code, file: path, message: error.message, hint: error.hint)
                )
            }
        }
        files.sort(by: RuleFiles.isBefore)
        files = files.enumerated().filter { $0.offset == 0 || files[$0.offset - 1] != $0.element }.map(
            \.element
        )
        var assembly = ConfigurationBuilder()
        for file in files {
            do throws(RuleFiles.Fault) {
                let bytes = try RuleFiles.read(file, limit: maxFileBytes)
                add(bytes, file: file, to: &assembly, findings)
            } catch {
                findings.add(
                    Diagnostic(code: error.code, file: file, message: error.message, hint: error.hint)
                )
            }
        }
        for case .hostsFile(let path, let origin) in assembly.names where !RuleFiles.isReadable(path) {
            findings.add(assembly.warning(at: origin, "the hosts file \(path) cannot be read now"))
        }
        return try finish(assembly, files: files, whole: paths.first ?? "", findings)
    }

    /// Loads a rule file that is not on disk: for libraries and tests.
    ///
    /// - Parameters:
    ///   - text: YAML.
    ///   - file: what it is called in findings; a relative `hosts_file` counts from its folder.
    /// - Throws: every finding, not just the first.
    public static func load(text: String, file: String = "rules.yaml") throws(ConfigurationFailure)
        -> Configuration
    {
        try inspect(text: text, file: file).configuration
    }

    /// As `load(text:file:)`, and keeps where everything stands.
    public static func inspect(
        text: String,
        file: String = "rules.yaml"
    ) throws(ConfigurationFailure) -> InspectedConfiguration {
        let findings = DiagnosticCollector()
        var assembly = ConfigurationBuilder()
        if text.utf8.count > maxFileBytes {
            let message = "this text is larger than \(maxFileBytes >> 20) MiB, the largest that is read"
            findings.add(Diagnostic(code: .fileTooLarge, file: file, message: message))
        } else {
            add(Array(text.utf8), file: file, to: &assembly, findings)
        }
        return try finish(assembly, files: [file], whole: file, findings)
    }

    private static func add(
        _ bytes: [UInt8],
        file: String,
        to assembly: inout ConfigurationBuilder,
        _ findings: DiagnosticCollector
    ) {
        guard let source = TextCheck.text(bytes, file: file, findings: findings) else { return }
        guard let root = YAMLParser.parse(source, findings: findings) else { return }
        assembly.add(root, of: source, findings: findings)
    }

    private static func finish(
        _ assembly: ConfigurationBuilder,
        files: [String],
        whole: String,
        _ findings: DiagnosticCollector
    ) throws(ConfigurationFailure) -> InspectedConfiguration {
        // A file that could not be read may hold the rules: then their lack is no finding.
        if assembly.rules.isEmpty, !findings.hasErrors {
            let hint = "a rule file begins with `rules:` and a list"
            findings.add(
                Diagnostic(code: .missingKey, file: whole, message: "there are no rules", hint: hint)
            )
        }
        let table = assembly.compile(findings)
        let diagnostics = findings.sorted(files: files)
        guard let table, !findings.hasErrors else { throw ConfigurationFailure(diagnostics) }
        let configuration = Configuration(
            table: table,
            names: assembly.names,
            trustedProxies: assembly.trustedProxies,
            limits: assembly.limits,
            timeouts: assembly.timeouts,
            files: files,
            warnings: diagnostics
        )
        return InspectedConfiguration(configuration: configuration, assembly: assembly)
    }
}
