import Routing
import Settings

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
    var limits = Limits()
    var timeouts = Timeouts<Duration>()
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
                limits = addSettings(pair.value, to: limits, reader)
            case "timeouts" where !pair.value.isNull:
                timeouts = addSettings(pair.value, to: timeouts, reader)
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
                let message = "`\(name)` was set already (at \(first))"
                reader.report(
                    .duplicateKey,
                    pair.key,
                    message,
                    hint: "the files are one set: remove one of them"
                )
                continue
            }
            firstSet[name] = reader.origin(of: pair.key)
            reader.read(setting, pair.value, into: &group)
        }
        return group
    }
}
