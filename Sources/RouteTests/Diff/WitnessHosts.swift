import Patterns
import Routing

/// Hosts that the rules of two tables tell of: one for each rule.
enum WitnessHosts {
    /// In the order of the rules, each once.
    static func of(_ old: RouteTable, _ new: RouteTable) -> [String] {
        var hosts: [String] = []
        var asked: Set<String?> = []
        var known: Set<String> = []
        for rule in old.rules + new.rules where asked.insert(rule.definition.host).inserted {
            if let host = of(rule.definition.host), known.insert(host).inserted { hosts.append(host) }
        }
        return hosts
    }

    /// A shortest host that a rule accepts; nil where a pattern is not regular, or too large.
    private static func of(_ host: String?) -> String? {
        guard let host else { return "a" }
        if host.hasPrefix("*.") { return "a" + host.dropFirst() }
        guard host.hasPrefix("~") else { return host }
        let tree = PatternTree(String(host.dropFirst()), ignoresCase: true)
        guard tree.isKnown, let automaton = try? NFA(tree),
            case .found(let bytes) = HostSearch(inside: [Language(automaton)]).find()
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
