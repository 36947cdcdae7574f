import Routing

/// Makes a ``Configuration`` of rule files, or reports all of their errors.
///
///     let configuration = try ConfigurationLoader.load(["rules/front.yaml"])
///
/// Any thread may call it; it blocks while it reads and compiles.
public enum ConfigurationLoader {
    /// The maximum size of a rule file, bytes.
    public static let maxFileBytes = 64 << 20

    /// Loads one set of rule files.
    ///
    /// - Parameter paths: files, and folders that stand for the `*.yaml` and `*.yml` in
    ///   them. They are one set, read in the order of their names: each rule name
    ///   and each setting may occur only once in all of them.
    /// - Throws: every finding of every file, not just the first.
    public static func load(_ paths: [String]) throws(ConfigurationFailure) -> Configuration {
        try inspect(paths).configuration
    }

    /// Like `load(_:)`, and keeps the location of each rule.
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
        var builder = ConfigurationBuilder()
        let pages = PageFiles()
        for file in files {
            do throws(RuleFiles.Fault) {
                let bytes = try RuleFiles.read(file, limit: maxFileBytes)
                add(bytes, file: file, to: &builder, pages, findings)
            } catch {
                findings.add(
                    Diagnostic(code: error.code, file: file, message: error.message, hint: error.hint)
                )
            }
        }
        for case .hostsFile(let path, let origin) in builder.names where !RuleFiles.isReadable(path) {
            findings.add(builder.warning(at: origin, "the hosts file \(path) cannot be read at the moment"))
        }
        return try finish(builder, files: files, whole: paths.first ?? "", findings)
    }

    /// Loads rules that are not in a file: for libraries and tests.
    ///
    /// - Parameters:
    ///   - text: YAML.
    ///   - file: the name in findings; a relative `hosts_file` counts from its folder.
    /// - Throws: every finding, not just the first.
    public static func load(text: String, file: String = "rules.yaml") throws(ConfigurationFailure)
        -> Configuration
    {
        try inspect(text: text, file: file).configuration
    }

    /// Like `load(text:file:)`, and keeps the location of each rule.
    public static func inspect(
        text: String,
        file: String = "rules.yaml"
    ) throws(ConfigurationFailure) -> InspectedConfiguration {
        let findings = DiagnosticCollector()
        var builder = ConfigurationBuilder()
        if text.utf8.count > maxFileBytes {
            let message = "this text is larger than the maximum of \(maxFileBytes >> 20) MiB"
            findings.add(Diagnostic(code: .fileTooLarge, file: file, message: message))
        } else {
            add(Array(text.utf8), file: file, to: &builder, PageFiles(), findings)
        }
        return try finish(builder, files: [file], whole: file, findings)
    }

    private static func add(
        _ bytes: [UInt8],
        file: String,
        to builder: inout ConfigurationBuilder,
        _ pages: PageFiles,
        _ findings: DiagnosticCollector
    ) {
        guard let source = TextCheck.text(bytes, file: file, findings: findings) else { return }
        guard let root = YAMLParser.parse(source, findings: findings) else { return }
        builder.add(root, of: source, pages: pages, findings: findings)
    }

    private static func finish(
        _ builder: ConfigurationBuilder,
        files: [String],
        whole: String,
        _ findings: DiagnosticCollector
    ) throws(ConfigurationFailure) -> InspectedConfiguration {
        // The rules may be in a file that could not be read: then missing rules are not reported.
        if builder.rules.isEmpty, !findings.hasErrors {
            let hint = "a rule file starts with `rules:` and a list"
            findings.add(
                Diagnostic(code: .missingKey, file: whole, message: "there are no rules", hint: hint)
            )
        }
        var builder = builder
        builder.applyUpstreamTLS(findings)
        let table = builder.compile(findings)
        let diagnostics = findings.sorted(files: files)
        guard let table, !findings.hasErrors else { throw ConfigurationFailure(diagnostics) }
        let configuration = Configuration(
            table: table,
            listeners: builder.listeners,
            upstreamTLS: builder.upstreamTLS,
            names: NameSourceSettings.pools(table.pools) + builder.names,
            trustedProxies: builder.trustedProxies,
            keptFields: builder.keptFields,
            errorPages: builder.errorPages,
            accessLog: builder.accessLog,
            limits: builder.limits,
            timeouts: builder.timeouts,
            metrics: builder.metrics,
            tracing: builder.tracing,
            files: files,
            warnings: diagnostics
        )
        return InspectedConfiguration(configuration: configuration, builder: builder)
    }
}
