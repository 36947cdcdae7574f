import Routing

/// Collects the names that the rules' targets use, for `names`.
final class TargetNames {
    /// The upstream groups, by name.
    let groups: [String: UpstreamGroup]
    /// The groups that targets name, or that a capture can name.
    private(set) var usedGroups: Set<String> = []
    /// Host names that the system resolves, with the first position of each.
    private(set) var systemNames: [String: SourceLocation] = [:]
    /// Addresses that captures give, by spelling.
    private(set) var addresses: [String: (address: String, position: SourceLocation)] = [:]
    /// The `resolver` of each target whose name nginx resolves for each request; nil: it has none.
    private(set) var resolvers: [(resolver: Directive?, position: SourceLocation)] = []
    /// The targets with a port whose name a capture gives.
    private var capturedWithPort: [SourceLocation] = []
    private let findings: FindingCollector

    init(_ http: [Directive], _ findings: FindingCollector) {
        self.findings = findings
        var groups: [String: UpstreamGroup] = [:]
        for directive in http.named("upstream") {
            let group = UpstreamGroup(directive, findings: findings)
            groups[group.name] = group
        }
        self.groups = groups
    }

    func addSystemName(_ name: String, at position: SourceLocation) {
        systemNames[name] = systemNames[name] ?? position
    }

    /// The group that a target names; nil: it names none.
    ///
    /// nginx looks a name with variables up with its port, which no group has.
    func group(of target: ProxyTarget, hasVariables: Bool) -> UpstreamGroup? {
        guard let name = target.literalName, !hasVariables || target.port == nil else { return nil }
        return groups[name]
    }

    /// Whether nginx resolves a target with variables for each request.
    func needsResolver(_ target: ProxyTarget) -> Bool {
        guard let name = target.literalName else { return true }
        return group(of: target, hasVariables: true) == nil && !Self.isAddress(name)
    }

    /// Adds the name of a target.
    func add(
        _ target: ProxyTarget,
        hasVariables: Bool,
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) {
        guard let name = target.literalName else {
            try addCaptured(target, context, at: position)
            return
        }
        if let group = group(of: target, hasVariables: hasVariables) {
            guard group.isUsable || group.onlyName != nil else {
                throw Untranslatable(
                    "upstream \(name)",
                    at: group.position,
                    "it has no server that Berth can use"
                )
            }
            usedGroups.insert(name)
            return
        }
        if Self.isAddress(name) { return }
        guard !LooseAddress.isV4(Array(name.utf8).span) else {
            throw Untranslatable(
                "proxy_pass",
                at: position,
                "the address `\(name)` is not written as four decimal numbers"
            )
        }
        guard ServerName.isHost(name) else {
            throw Untranslatable("proxy_pass", at: position, "`\(name)` is not a valid host name")
        }
        guard groups[name] == nil else {
            throw Untranslatable(
                "proxy_pass",
                at: position,
                "with a port and variables nginx resolves `\(name)`; in a rule it is the group of this name"
            )
        }
        if hasVariables {
            resolvers.append((context.nearest("resolver"), position))
        } else {
            addSystemName(name, at: position)
        }
    }

    private func addCaptured(
        _ target: ProxyTarget,
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) {
        if let captured = try CapturedAddresses(target.name, context, at: position) {
            for entry in captured.entries { addresses[entry.spelling] = (entry.address, position) }
            return
        }
        for case .literal(let piece) in target.name
        where !piece.utf8.allSatisfy({ ValueText.isNameByte($0) || "-.".utf8.contains($0) }) {
            throw Untranslatable("proxy_pass", at: position, "`\(piece)` cannot be part of a host name")
        }
        if target.port == nil {
            usedGroups.formUnion(groups.keys)
        } else {
            capturedWithPort.append(position)
        }
        resolvers.append((context.nearest("resolver"), position))
    }

    /// Reports what only all targets together show.
    func finish() {
        guard !usedGroups.isEmpty else { return }
        for position in capturedWithPort {
            findings.untranslated(
                "proxy_pass",
                at: position,
                "if a capture gives the name of an upstream group, the rule uses the group; nginx resolves the name"
            )
        }
    }

    /// The groups that targets name, or can, in the order of the configuration.
    var groupsInOrder: [UpstreamGroup] {
        groups.values.filter { usedGroups.contains($0.name) }.sorted {
            ($0.position.file, $0.position.line) < ($1.position.file, $1.position.line)
        }
    }

    /// Whether a literal name can be a target without an upstream group.
    static func isValid(_ name: String) -> Bool { isAddress(name) || ServerName.isHost(name) }

    static func isAddress(_ name: String) -> Bool {
        IPAddress(name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name) != nil
    }
}
