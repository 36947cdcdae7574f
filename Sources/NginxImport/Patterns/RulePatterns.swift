import PatternSafety
import Routing

/// The patterns of a rule, as the rule file has them.
struct RulePatterns: Hashable {
    let host: String?
    let paths: [String]
    let headers: [String]

    /// A text on which one of them backtracks catastrophically; nil: there is none.
    var witness: String? {
        let texts = [host].compactMap { $0 } + paths + headers
        guard texts.contains(where: { $0.hasPrefix("~") }) else { return nil }
        for path in paths.isEmpty ? [nil] : paths.map(Optional.some) {
            var rule = RuleDefinition(name: "rule", host: host, path: path, action: .respond(status: 200))
            rule.headers = headers.enumerated().map { HeaderMatch(name: "X-\($0.offset)", value: $0.element) }
            guard let found = (try? RouteTable([rule]))?.catastrophicPatterns().first else { continue }
            return found.witness
        }
        return nil
    }
}
