import Routing

/// What the files of one set add up to, while they are read.
struct ConfigurationBuilder {
    /// A rule's place in the tree, so that what the compiler says of it can be pointed at.
    struct Place {
        let node: YAMLNode
        /// Index into `sources`.
        let source: Int
    }

    var sources: [SourceText] = []
    var rules: [RuleDefinition] = []
    /// Of each rule.
    var places: [Place] = []
    var names: [NameSourceSettings] = []
    var trustedProxies: [CIDR] = []
    var limits = LimitSettings()
    var timeouts = TimeoutSettings()
    /// Whether a `rules` key was there, even an empty one.
    var hasRules = false
    /// Where each rule's name was first used.
    private var firstUse: [String: SourceLocation] = [:]
    /// Where each key of `limits` and `timeouts` was first set.
    private var firstSet: [String: SourceLocation] = [:]

    static let keys = ["rules", "names", "trusted_proxies", "limits", "timeouts"]

    /// Adds a file's tree.
    mutating func add(_ root: YAMLNode, of source: SourceText, findings: DiagnosticCollector) {
        let reader = NodeReader(source: source, findings: findings)
        if root.isNull {
            let hint = "a rule file begins with `rules:`"
            findings.add(
                Diagnostic(code: .missingKey, file: source.file, message: "this file is empty", hint: hint)
            )
            return
        }
        let index = sources.count
        sources.append(source)
        guard let pairs = reader.mapping(root, "a rule file", known: Self.keys) else { return }
        for pair in pairs {
            // A key with nothing under it is the same as no key: everything in it may be commented out.
            switch pair.key.text {
            case "rules":
                hasRules = true
                addRules(pair.value, source: index, reader)
            case "names" where !pair.value.isNull:
                names += NamesReader(reader: reader).sources(pair.value)
            case "trusted_proxies" where !pair.value.isNull:
                trustedProxies += reader.networks(pair.value, "`trusted_proxies`") ?? []
            case "limits" where !pair.value.isNull:
                var limits = limits
                addSettings(pair.value, "limits", LimitSettings.keys, reader) {
                    limits.set($0, to: $1, with: reader)
                }
                self.limits = limits
            case "timeouts" where !pair.value.isNull:
                var timeouts = timeouts
                addSettings(pair.value, "timeouts", TimeoutSettings.keys, reader) {
                    timeouts.set($0, to: $1, with: reader)
                }
                self.timeouts = timeouts
            default:
                break
            }
        }
    }

    private mutating func addRules(_ node: YAMLNode, source: Int, _ reader: NodeReader) {
        if node.isNull { return }
        guard case .sequence(let items) = node.content else {
            let hint = "each rule begins with `- name: …`"
            reader.reportUnfit(node, "`rules`", "a list of rules", hint: hint)
            return
        }
        rules.reserveCapacity(rules.count + items.count)
        let ruleReader = RuleReader(reader: reader)
        for item in items {
            guard var definition = ruleReader.rule(item) else { continue }
            if isNamedAgain(item, definition.name, reader) {
                definition.name = ruleReader.placeholderName(for: item)
            }
            rules.append(definition)
            places.append(Place(node: item, source: source))
        }
    }

    /// Whether another rule has the name already; then that is reported.
    private mutating func isNamedAgain(_ rule: YAMLNode, _ name: String, _ reader: NodeReader) -> Bool {
        guard let node = rule["name"] else { return false }
        if let first = firstUse[name] {
            let place = first.file == reader.source.file ? "on line \(first.line)" : "at \(first)"
            let message = "a rule is named `\(name)` already (\(place))"
            reader.report(
                .duplicateName,
                node,
                message,
                hint: "names tell rules apart in logs: give each its own"
            )
            return true
        }
        firstUse[name] = reader.origin(of: node)
        return false
    }

    /// Settings may be spread over the files of a set, but each be set once.
    private mutating func addSettings(
        _ node: YAMLNode,
        _ group: String,
        _ keys: [String],
        _ reader: NodeReader,
        _ set: (String, YAMLNode) -> Void
    ) {
        for pair in reader.mapping(node, "`\(group)`", known: keys) ?? [] {
            guard let key = pair.key.text, keys.contains(key), !pair.value.isNull else { continue }
            if let first = firstSet["\(group).\(key)"], first.file != reader.source.file {
                let message = "`\(group).\(key)` was set already (at \(first))"
                reader.report(
                    .duplicateKey,
                    pair.key,
                    message,
                    hint: "the files are one set: remove one of them"
                )
                continue
            }
            firstSet["\(group).\(key)"] = reader.origin(of: pair.key)
            set(key, pair.value)
        }
    }
}
