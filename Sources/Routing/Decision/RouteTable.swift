/// Rules, compiled and frozen: decides where a request goes.
///
/// Immutable: all threads may use it at once, each with a `RouteScratch` of its own.
public final class RouteTable: Sendable {
    /// In the order in which they are evaluated; the first that matches wins.
    public let rules: [Rule]
    /// How the endpoints of targets share their requests.
    package let pools: PoolTable
    private let index: CandidateIndex
    /// A rule names CAs of clients.
    package let hasClientCertificates: Bool

    /// Compiles rules, in their order.
    ///
    /// - Parameters:
    ///   - definitions: the rules.
    ///   - pools: those of the rules' targets; a target without one has the default settings.
    /// - Throws: `RouteTableError` with every error of every rule.
    public init(
        _ definitions: [RuleDefinition],
        pools: PoolTable = PoolTable()
    ) throws(RouteTableError) {
        var rules: [Rule] = []
        rules.reserveCapacity(definitions.count)
        var issues: [RuleIssue] = []
        var names: [String: Int] = [:]
        let shelf = RuleInterner()
        for (index, definition) in definitions.enumerated() {
            var compiler = RuleCompiler(index: index, definition: definition, shelf: shelf)
            if let first = names[definition.name] {
                let origin = definitions[first].origin.map { " at \($0)" } ?? ""
                compiler.issue("name", "another rule\(origin) has the name `\(definition.name)`")
            } else {
                names[definition.name] = index
            }
            if let rule = compiler.compile() { rules.append(rule) }
            issues += compiler.issues
        }
        guard issues.isEmpty else { throw RouteTableError(issues) }
        self.rules = rules
        self.pools = pools
        hasClientCertificates = rules.contains { $0.clientCertificates != nil }
        self.index = CandidateIndexBuilder.index(rules)
    }

    /// Decides where a request goes. Neither blocks nor fails: a request without a target is a refusal.
    ///
    /// Evaluates only the rules whose host may match, which an index finds: the time does not grow with the number
    /// of rules that have a host, a wildcard, or a pattern with literal text.
    ///
    /// - Parameters:
    ///   - key: the request.
    ///   - headers: called only if a rule matches so far and has a condition on a field.
    ///   - scratch: the scratch of the calling thread.
    public func decide(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch
    ) -> Decision {
        var evaluation = RuleEvaluation(scratch)
        scratch.candidates.removeAll(keepingCapacity: true)
        index.find(key.host, into: &scratch.candidates)
        if scratch.candidates.count > 1 { scratch.candidates.sort() }
        var found = 0
        var others = 0
        var last: UInt32?
        while true {
            // The next of two ordered lists. A rule may be found several times.
            let next: UInt32
            if found < scratch.candidates.count,
                others == index.always.count || scratch.candidates[found] < index.always[others]
            {
                next = scratch.candidates[found]
                found += 1
                if next == last { continue }
                last = next
            } else if others < index.always.count {
                next = index.always[others]
                others += 1
            } else {
                return evaluation.noRule()
            }
            var trace: RouteTrace?
            if let decision = evaluation.evaluate(rules[Int(next)], key, headers, &trace) { return decision }
        }
    }

    /// The rules whose host matches, whatever their other conditions, in their order. For tools.
    package func rules(matching host: HostName, scratch: RouteScratch) -> [Rule] {
        let bytes = host.bytes
        scratch.candidates.removeAll(keepingCapacity: true)
        index.find(bytes.span, into: &scratch.candidates)
        let indices = Set(scratch.candidates).union(index.always).sorted()
        return indices.map { rules[Int($0)] }.filter { rule in
            if case .yes = rule.host.match(bytes.span, scratch: scratch) { true } else { false }
        }
    }

    /// Like `decide(_:headers:scratch:)`, and records each rule's result: evaluates all rules in their order, up to
    /// the one that decides.
    public func decide(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch,
        trace: inout RouteTrace
    ) -> Decision {
        var recording: RouteTrace? = trace
        defer { if let recording { trace = recording } }
        return decideInOrder(key, headers: headers, scratch: scratch, recording: &recording)
    }

    /// The plain loop, whose result `decide(_:headers:scratch:)` must equal.
    func decideInOrder(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch,
        recording trace: inout RouteTrace?
    ) -> Decision {
        var evaluation = RuleEvaluation(scratch)
        for rule in rules {
            if let decision = evaluation.evaluate(rule, key, headers, &trace) { return decision }
        }
        return evaluation.noRule()
    }
}

/// The evaluation of one request against one rule after another.
private struct RuleEvaluation {
    private let scratch: RouteScratch
    private var dependsOnHostAlone = true

    init(_ scratch: RouteScratch) {
        self.scratch = scratch
        scratch.begin()
    }

    /// Nil: the rule does not match. A rule whose host does not match has no effect, so that it need not be
    /// evaluated.
    @inline(__always)
    mutating func evaluate(
        _ rule: Rule,
        _ key: borrowing RouteKey,
        _ headers: HeaderLookup,
        _ trace: inout RouteTrace?
    ) -> Decision? {
        var captured = RuleCaptures()
        let verdict = rule.match(key, headers: headers, scratch: scratch, captured: &captured)
        trace?.note(rule, verdict, key, scratch)
        if case .host = verdict { return nil }
        if !rule.matchesOnHostAlone, verdict != .hostLimit { dependsOnHostAlone = false }
        switch verdict {
        case .host, .method, .client, .path, .header:
            return nil
        case .hostLimit, .limit:
            return rule.refusal(.matchLimit, captured, dependsOnHostAlone: dependsOnHostAlone)
        case .malformedPath:
            return rule.refusal(.malformedPath, captured, dependsOnHostAlone: false)
        case .matched:
            return rule.decision(key, &captured, scratch: scratch, dependsOnHostAlone: dependsOnHostAlone)
        }
    }

    func noRule() -> Decision {
        let refusal = Refusal(reason: .noRule, ruleName: nil)
        return Decision(
            rule: nil,
            captures: .none,
            outcome: .refuse(refusal),
            dependsOnHostAlone: dependsOnHostAlone
        )
    }
}
