import PatternLanguages
import PatternSyntax
package import Routing

/// Hosts for which two tables do not do the same: found among the rules, without any traffic.
///
///     let difference = HostDifference(old: before.table, new: after.table)
///     for change in difference.changes { print(change.host, change.old, change.new) }
///
/// Each pair of rules, an old and a new one, gives at most one host; what both tables do alike is not
/// among them. Every host is verified with both tables. May take seconds for tables of many
/// thousands of rules; unchanged rules cost next to nothing.
package struct HostDifference: Sendable {
    package struct Change: Sendable, Hashable {
        package let host: String
        /// The rules that a request for the host may come to, in their order, up to the first that
        /// takes all that are left; empty: it is refused.
        package let old: [String]
        package let new: [String]
    }

    /// In the order of the old table's rules, then of the new one's.
    package let changes: [Change]
    /// Whether that is all: false where a pattern is not regular, or a bound was hit.
    package let isComplete: Bool

    /// The maximum number of hosts.
    package static let maxChanges = 1000

    /// Runs on the calling thread.
    ///
    /// - Parameters:
    ///   - names: targets that have addresses today, for hosts that are served.
    ///   - isServed: whether the old rules serve a host. Of several hosts one that is served is preferred.
    package init(
        old: RouteTable,
        new: RouteTable,
        names: [String] = [],
        isServed: @escaping (HostName) -> Bool = { _ in false }
    ) {
        var finder = DifferenceFinder(old: old, new: new, ServedHosts(names), isServed)
        finder.run()
        changes = finder.changes
        isComplete = finder.isComplete
    }
}

private struct DifferenceFinder {
    private let old: RouteTable
    private let new: RouteTable
    private let oldRules: [RuleView]
    private let newRules: [RuleView]
    private let scratch = RouteScratch()
    private let served: ServedHosts
    private let isServed: (HostName) -> Bool
    private var seen: Set<String> = []
    private(set) var changes: [HostDifference.Change] = []
    private(set) var isComplete = true

    init(
        old: RouteTable,
        new: RouteTable,
        _ served: ServedHosts,
        _ isServed: @escaping (HostName) -> Bool
    ) {
        self.old = old
        self.new = new
        self.served = served
        self.isServed = isServed
        let recent = LanguageCache()
        oldRules = old.rules.map { RuleView($0, recent) }
        newRules = new.rules.map { RuleView($0, recent) }
    }

    mutating func run() {
        let all = oldRules + newRules
        var pairs = AffixIndex(all.map(\.literals)).pairs(max: LintBounds.pairs)
        if !pairs.isComplete { isComplete = false }
        pairs.found.sort { ($0.first, $0.second) < ($1.first, $1.second) }
        // Of each rule those of the other table that may share hosts with it.
        var others: [[Int]] = Array(repeating: [], count: all.count)
        for pair in pairs.found where pair.first < oldRules.count && pair.second >= oldRules.count {
            others[pair.first].append(pair.second)
            others[pair.second].append(pair.first)
        }
        let oldTexts = Set(oldRules.map(Self.withoutOrigin))
        let newTexts = Set(newRules.map(Self.withoutOrigin))
        for (index, rule) in all.enumerated() {
            guard changes.count < HostDifference.maxChanges else {
                isComplete = false
                return
            }
            let isOld = index < oldRules.count
            let twins = isOld ? newTexts : oldTexts
            // A rule that both have loses hosts only to what else is there, and that is a pair of its own.
            let isKept = twins.contains(Self.withoutOrigin(rule))
            if isOld {
                for other in others[index]
                where !isKept || Self.withoutOrigin(all[other]) != Self.withoutOrigin(rule) {
                    find(inside: [rule, all[other]])
                }
            }
            if !isKept { find(inside: [rule], outside: others[index].map { all[$0] }) }
        }
    }

    private static func withoutOrigin(_ rule: RuleView) -> RuleDefinition {
        var definition = rule.definition
        definition.origin = nil
        return definition
    }

    /// Searches for hosts of these rules until one is decided differently, or none is left: each host that is
    /// decided alike is decided by earlier rules, which are left out in the next round.
    private mutating func find(inside: [RuleView], outside: [RuleView] = []) {
        let languages = inside.compactMap(\.language)
        guard languages.count == inside.count else {
            isComplete = false
            return
        }
        if findServed(languages, inside[0], outside.compactMap(\.language)) { return }
        var without = outside
        for _ in 0..<LintBounds.takers {
            let known = without.compactMap(\.language)
            if known.count < without.count { isComplete = false }
            switch HostSearch(inside: languages, outside: known).find() {
            case .none: return
            case .unknown:
                isComplete = false
                return
            case .found(let bytes):
                guard let host = try? HostName(bytes.span) else { return }
                if note(host) { return }
                let deciders = [deciders(host, old, oldRules), deciders(host, new, newRules)].flatMap { $0 }
                let fresh = deciders.filter { decider in
                    !without.contains { $0 === decider } && !inside.contains { $0 === decider }
                }
                if fresh.isEmpty { return }
                without += fresh
            }
        }
        isComplete = false
    }

    /// Searches for a host that is decided differently and that `rule` serves today.
    private mutating func findServed(_ inside: [Language], _ rule: RuleView, _ outside: [Language]) -> Bool {
        // The first one is of the old table, where any is.
        guard oldRules.indices.contains(rule.index), oldRules[rule.index] === rule else { return false }
        for narrowed in served.languages(rule) {
            guard case .found(let bytes) = HostSearch(inside: inside + [narrowed], outside: outside).find(),
                let host = try? HostName(bytes.span), isServed(host)
            else { continue }
            if note(host) { return true }
        }
        return false
    }

    /// The rules that a request for the host may come to.
    private func deciders(_ host: HostName, _ table: RouteTable, _ rules: [RuleView]) -> [RuleView] {
        var found: [RuleView] = []
        for rule in table.rules(matching: host, scratch: scratch) {
            found.append(rules[rule.index])
            if rules[rule.index].conditions == Conditions.none { break }
        }
        return found
    }

    /// Whether the tables differ for the host; then it is kept.
    private mutating func note(_ host: HostName) -> Bool {
        let before = deciders(host, old, oldRules)
        let after = deciders(host, new, newRules)
        guard before.map({ Self.effect($0, host) }) != after.map({ Self.effect($0, host) }) else {
            return false
        }
        if seen.insert(host.text).inserted {
            changes.append(.init(host: host.text, old: before.map(\.name), new: after.map(\.name)))
        }
        return true
    }

    private struct Effect: Equatable {
        let conditions: Conditions
        let rest: RuleDefinition
        let outcome: String
    }

    /// What a rule does for a host, whatever it is called.
    private static func effect(_ rule: RuleView, _ host: HostName) -> Effect {
        var alone = rule.definition
        alone.name = "rule"
        alone.origin = nil
        alone.path = nil
        alone.methods = []
        alone.headers = []
        alone.clients = []
        let outcome = (try? RouteTable([alone])).map { Witness.outcome($0, host) } ?? ""
        alone.host = nil
        return Effect(conditions: rule.conditions, rest: alone, outcome: outcome)
    }
}
