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
    /// Whether captures give names that nginx resolves for each request.
    private(set) var needsResolver = false
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

    /// Adds the name of a target.
    func add(_ target: ProxyTarget, _ context: RuleContext, at position: SourceLocation)
        throws(Untranslatable)
    {
        guard let name = target.literalName else {
            try addCaptured(target, context, at: position)
            return
        }
        if let group = groups[name] {
            guard !group.endpoints.isEmpty || group.onlyName != nil else {
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
        guard ServerName.isHost(name) else {
            throw Untranslatable("proxy_pass", at: position, "`\(name)` is not a valid host name")
        }
        addSystemName(name, at: position)
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
        } else if !usedGroups.isEmpty {
            findings.note(
                "proxy_pass",
                at: position,
                "if a capture gives the name of an upstream group, the group is used whatever the port"
            )
        }
        needsResolver = true
    }

    /// Whether a literal name can be a target without an upstream group.
    static func isValid(_ name: String) -> Bool { isAddress(name) || ServerName.isHost(name) }

    private static func isAddress(_ name: String) -> Bool {
        IPAddress(name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name) != nil
    }
}
