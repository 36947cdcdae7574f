import Routing

/// Lists what nginx does with a forwarded request without being told, where Berth does something else.
final class DefaultBehaviour {
    private let variables: VariableTable
    private let names: TargetNames
    private let findings: FindingCollector
    private var hasNote = false
    /// Whether a request is forwarded at all.
    private(set) var hasForwards = false
    /// The idle timeout of the upgraded connections of each `proxy_pass`.
    private(set) var tunnels: [(milliseconds: Int, position: SourceLocation)] = []

    init(variables: VariableTable, names: TargetNames, findings: FindingCollector) {
        self.variables = variables
        self.names = names
        self.findings = findings
    }

    /// - Parameter target: the target, once its variables have been looked up.
    func review(_ pass: Directive, _ target: ProxyTarget, _ context: RuleContext) {
        hasForwards = true
        reviewUpgrade(pass, context)
        reviewRetries(pass, target, context)
        guard !hasNote else { return }
        hasNote = true
        findings.note(
            "proxy_pass",
            at: pass.position,
            "nginx drops fields with `_` in their names and the upstream's X-Accel-* fields; Berth passes them on"
        )
        findings.note(
            "proxy_pass",
            at: pass.position,
            "nginx limits each field of a request, and the fields of a response together; Berth limits all of a head"
        )
    }

    private func reviewUpgrade(_ pass: Directive, _ context: RuleContext) {
        let fields = context.all("proxy_set_header")
        func value(_ name: String) -> String? {
            fields.last { $0.argument(0)?.lowercased() == name }?.argument(1)
        }
        if value("upgrade") == "$http_upgrade", canBeUpgrade(value("connection") ?? "") {
            let line = context.nearest("proxy_read_timeout")
            let milliseconds = line.map { Quantities.milliseconds($0.argument(0) ?? "") } ?? 60_000
            if let milliseconds, milliseconds > 0 {
                tunnels.append((milliseconds, line?.position ?? pass.position))
            }
            return
        }
        findings.byDefault(
            "Upgrade",
            at: pass.position,
            "nginx removes it, unless `proxy_set_header` passes it on with Connection; Berth forwards upgrades"
        )
    }

    /// Whether a value of Connection, or one of its map, is `upgrade`.
    private func canBeUpgrade(_ value: String) -> Bool {
        if ["upgrade", "$http_connection"].contains(value.lowercased()) { return true }
        guard value.hasPrefix("$"), let map = variables.map(value.dropFirst().lowercased()) else {
            return false
        }
        return ([map.fallback] + map.entries.map(\.value)).contains {
            ValueText.literal($0)?.lowercased() == "upgrade"
        }
    }

    private func reviewRetries(_ pass: Directive, _ target: ProxyTarget, _ context: RuleContext) {
        let line = context.nearest("proxy_next_upstream")
        let why = "Berth tries another server only where it cannot connect, and then always"
        if let group = names.group(of: target, hasVariables: false), Set(group.endpoints).count > 1 {
            if let line {
                findings.untranslated("proxy_next_upstream", at: line.position, why)
            } else {
                findings.byDefault("proxy_next_upstream", at: group.position, why)
            }
        } else if let line,
            target.literalName.map({ names.groups[$0] == nil && !TargetNames.isAddress($0) }) ?? true
        {
            // A name can have several addresses.
            findings.untranslated("proxy_next_upstream", at: line.position, why)
        }
    }
}
