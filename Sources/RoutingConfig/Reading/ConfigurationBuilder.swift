import Routing
import Settings

/// Collects the contents of the files of one set while they are read.
struct ConfigurationBuilder {
    /// The node of a rule or a pool in the tree, so that a diagnostic of the compiler can point at it.
    struct Location {
        let node: YAMLNode
        /// Index into `sources`.
        let source: Int
    }

    var sources: [SourceText] = []
    var rules: [RuleDefinition] = []
    /// The location of each rule.
    var locations: [Location] = []
    var pools: [PoolDefinition] = []
    /// The location of each pool.
    var poolLocations: [Location] = []
    var names: [NameSourceSettings] = []
    var trustedProxies: [CIDR] = []
    var keptFields: [[UInt8]] = []
    var listeners: [ListenerSettings] = []
    /// Of requests without a rule, and where the rule has none; nil: all are logged.
    private(set) var accessLog: AccessLogPolicy?
    /// Nil: no file has `tracing`.
    private(set) var tracing: TracingSettings?
    var limits = Limits()
    var timeouts = Timeouts<Duration>()
    var metrics = MetricsSettings()
    /// Whether a file had the key `rules`, even an empty one.
    var hasRules = false
    /// The location where each rule's name was first used.
    private var firstUse: [String: SourceLocation] = [:]
    /// The location where each key of `limits` and `timeouts` was first set.
    private var firstSet: [String: SourceLocation] = [:]

    /// Of the tier, for requests without a rule, and where the rule has none; with their locations.
    private var pages: [(page: ErrorPage, node: YAMLNode, source: Int)] = []
    /// Those of `pages`, once all files have been read.
    private(set) var errorPages: [FrozenErrorPage] = []
    /// All `upstream_tls`, in their order.
    private(set) var upstreamTLS: [UpstreamTLSSettings] = []
    /// Of the rules that have none of their own.
    private var usualTLS: UpstreamTLS?

    static let keys = [
        "rules", "listeners", "pools", "names", "trusted_proxies", "keep_headers", "error_pages", "limits",
        "timeouts", "upstream_tls", "metrics", "access_log", "tracing",
    ]

    /// Adds a file's tree.
    ///
    /// - Parameter pages: of the whole set.
    mutating func add(
        _ root: YAMLNode,
        of source: SourceText,
        pages: PageFiles,
        findings: DiagnosticCollector
    ) {
        let reader = NodeReader(source: source, findings: findings)
        if root.isNull {
            let hint = "a rule file starts with `rules:`"
            findings.add(
                Diagnostic(code: .missingKey, file: source.file, message: "this file is empty", hint: hint)
            )
            return
        }
        let index = sources.count
        sources.append(source)
        guard let pairs = reader.mapping(root, "a rule file", known: Self.keys) else { return }
        for pair in pairs {
            // A key without a value is the same as a missing key: everything under it may be commented out.
            switch pair.key.text {
            case "rules":
                hasRules = true
                addRules(pair.value, source: index, reader, pages)
            case "listeners" where !pair.value.isNull:
                listeners += ListenersReader(reader: reader).listeners(pair.value, after: listeners)
            case "pools" where !pair.value.isNull:
                addPools(pair.value, source: index, reader)
            case "names" where !pair.value.isNull:
                names += NamesReader(reader: reader).sources(pair.value)
            case "trusted_proxies" where !pair.value.isNull:
                trustedProxies += reader.networks(pair.value, "`trusted_proxies`") ?? []
            case "keep_headers" where !pair.value.isNull:
                keptFields += reader.keptFields(pair.value)
            case "error_pages" where !pair.value.isNull:
                addErrorPages(pair.value, source: index, reader, pages)
            case "upstream_tls" where !pair.value.isNull:
                addUpstreamTLS(pair, reader)
            case "metrics" where !pair.value.isNull:
                addMetrics(pair.value, reader)
            case "access_log" where !pair.value.isNull:
                addAccessLog(pair, reader)
            case "tracing" where !pair.value.isNull:
                addTracing(pair, reader)
            case "limits" where !pair.value.isNull:
                limits = addSettings(pair.value, to: limits, reader)
            case "timeouts" where !pair.value.isNull:
                timeouts = addSettings(pair.value, to: timeouts, reader)
            default:
                break
            }
        }
    }

    private mutating func addRules(
        _ node: YAMLNode,
        source: Int,
        _ reader: NodeReader,
        _ pages: PageFiles
    ) {
        if node.isNull { return }
        guard case .sequence(let items) = node.content else {
            let hint = "each rule starts with `- name: …`"
            reader.reportUnfit(node, "`rules`", "a list of rules", hint: hint)
            return
        }
        rules.reserveCapacity(rules.count + items.count)
        let ruleReader = RuleReader(reader: reader, pages: pages)
        for item in items {
            guard var definition = ruleReader.rule(item) else { continue }
            if isNamedAgain(item, definition.name, reader) {
                definition.name = ruleReader.placeholderName(for: item)
            }
            if let node = item["upstream_tls"],
                let settings = ruleReader.upstreamTLS(node, of: definition)
            {
                definition.upstreamTLS = settings.tls
                upstreamTLS.append(settings)
            }
            rules.append(definition)
            locations.append(Location(node: item, source: source))
        }
    }

    private mutating func addAccessLog(_ pair: YAMLNode.Pair, _ reader: NodeReader) {
        let name = "access_log"
        if let first = firstSet[name] {
            let message = "`\(name)` is already set (at \(first))"
            let hint = "the files are one set: remove one of the two, or write it in the rules"
            return reader.report(.duplicateKey, pair.key, message, hint: hint)
        }
        firstSet[name] = reader.origin(of: pair.key)
        accessLog = AccessLogReader(reader: reader).policy(pair.value)
    }

    private mutating func addUpstreamTLS(_ pair: YAMLNode.Pair, _ reader: NodeReader) {
        let name = "upstream_tls"
        if let first = firstSet[name] {
            let message = "`\(name)` is already set (at \(first))"
            let hint = "the files are one set: remove one of the two, or write it in the rules"
            return reader.report(.duplicateKey, pair.key, message, hint: hint)
        }
        firstSet[name] = reader.origin(of: pair.key)
        guard let settings = UpstreamTLSReader(reader: reader).settings(pair.value) else { return }
        usualTLS = settings.tls
        upstreamTLS.append(settings)
    }

    private mutating func addTracing(_ pair: YAMLNode.Pair, _ reader: NodeReader) {
        let name = "tracing"
        if let first = firstSet[name] {
            let message = "`\(name)` is already set (at \(first))"
            return reader.report(
                .duplicateKey,
                pair.key,
                message,
                hint: "the files are one set: remove one of the two"
            )
        }
        firstSet[name] = reader.origin(of: pair.key)
        tracing = TracingReader(reader: reader).settings(pair.value)
    }

    /// Gives what has no `upstream_tls` of its own that of the set, once all files have been read.
    mutating func applyUpstreamTLS(_ findings: DiagnosticCollector) {
        if let usualTLS {
            for index in rules.indices where rules[index].upstreamTLS == nil {
                if case .respond = rules[index].action { continue }
                rules[index].upstreamTLS = usualTLS
            }
        }
        for (page, node, source) in pages {
            do throws(TemplateParser.Failure) {
                errorPages.append(try FrozenErrorPage.ofTier(page, tls: usualTLS))
            } catch {
                NodeReader(source: sources[source], findings: findings)
                    .report(.badTemplate, node, error.message, hint: error.hint)
            }
        }
    }

    private mutating func addErrorPages(
        _ node: YAMLNode,
        source: Int,
        _ reader: NodeReader,
        _ files: PageFiles
    ) {
        for (key, page) in ErrorPageReader(reader: reader, files: files).pages(node) {
            let name = "error_pages.\(key.text ?? "")"
            if let first = firstSet[name] {
                let message = "`\(name)` is already set (at \(first))"
                let hint = "the files are one set: remove one of the two"
                reader.report(.duplicateKey, key, message, hint: hint)
                continue
            }
            firstSet[name] = reader.origin(of: key)
            pages.append((page, node[key.text ?? ""] ?? node, source))
        }
    }

    private mutating func addMetrics(_ node: YAMLNode, _ reader: NodeReader) {
        var settings = metrics
        MetricsReader(reader: reader).read(node, into: &settings) { key, name in
            if let first = firstSet[name] {
                let message = "`\(name)` is already set (at \(first))"
                let hint = "the files are one set: remove one of the two"
                reader.report(.duplicateKey, key, message, hint: hint)
                return false
            }
            firstSet[name] = reader.origin(of: key)
            return true
        }
        metrics = settings
    }

    /// Whether another rule already has the name; then this is reported.
    private mutating func isNamedAgain(_ rule: YAMLNode, _ name: String, _ reader: NodeReader) -> Bool {
        guard let node = rule["name"] else { return false }
        if let first = firstUse[name] {
            let location = first.file == reader.source.file ? "on line \(first.line)" : "at \(first)"
            let message = "another rule is already named `\(name)` (\(location))"
            reader.report(
                .duplicateName,
                node,
                message,
                hint: "give each rule its own name: logs and traces identify rules by it"
            )
            return true
        }
        firstUse[name] = reader.origin(of: node)
        return false
    }

    /// The settings may be spread over the files of a set, but each can be set only once.
    private mutating func addSettings<Group: SettingGroup>(
        _ node: YAMLNode,
        to group: Group,
        _ reader: NodeReader
    ) -> Group {
        var group = group
        let settings = Group.settings
        for pair in reader.mapping(node, "`\(Group.name)`", known: settings.map(\.key)) ?? [] {
            guard let setting = settings.first(where: { $0.key == pair.key.text }), !pair.value.isNull else {
                continue
            }
            let name = "\(Group.name).\(setting.key)"
            if let first = firstSet[name], first.file != reader.source.file {
                let message = "`\(name)` is already set (at \(first))"
                reader.report(
                    .duplicateKey,
                    pair.key,
                    message,
                    hint: "the files are one set: remove one of the two"
                )
                continue
            }
            firstSet[name] = reader.origin(of: pair.key)
            reader.read(setting, pair.value, into: &group)
        }
        return group
    }
}
