/// Rules, compiled and frozen: the answer to where a request goes.
///
/// Immutable: may be used from all threads at once, each with a `RouteScratch` of its own.
public final class RouteTable: Sendable {
    /// In the order in which they are asked; the first that matches wins.
    public let rules: [Rule]
    private let index: CandidateIndex

    /// Compiles rules, in their order.
    ///
    /// - Throws: `RouteTableError` with everything that is wrong with any of them.
    public init(_ definitions: [RuleDefinition]) throws(RouteTableError) {
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
        self.index = CandidateIndexBuilder.index(rules)
    }

    /// Decides where a request goes. Neither blocks nor fails: what cannot go anywhere is
    /// a refusal.
    ///
    /// Asks only the rules whose host may match, which are found without asking the others: the
    /// time does not grow with rules that have a host, a wildcard, or a pattern with literal text.
    ///
    /// - Parameters:
    ///   - key: what the request brings.
    ///   - headers: asked only when a rule that got that far has a condition on a field.
    ///   - scratch: the calling thread's.
    public func decide(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch
    ) -> Decision {
        var question = RuleEvaluation(scratch)
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
                return question.noRule()
            }
            var trace: RouteTrace?
            if let decision = question.ask(rules[Int(next)], key, headers, &trace) { return decision }
        }
    }

    /// The rules whose host matches, whatever else they ask, in their order. For tools.
    package func rules(matching host: HostName, scratch: RouteScratch) -> [Rule] {
        let bytes = host.bytes
        scratch.candidates.removeAll(keepingCapacity: true)
        index.find(bytes.span, into: &scratch.candidates)
        let indices = Set(scratch.candidates).union(index.always).sorted()
        return indices.map { rules[Int($0)] }.filter { rule in
            if case .yes = rule.host.match(bytes.span, scratch: scratch) { true } else { false }
        }
    }

    /// As `decide(_:headers:scratch:)`, and notes what each rule said: asks them all, one after
    /// another, up to the one that decides.
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

    /// What `decide(_:headers:scratch:)` has to equal.
    func decideInOrder(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch,
        recording trace: inout RouteTrace?
    ) -> Decision {
        var question = RuleEvaluation(scratch)
        for rule in rules {
            if let decision = question.ask(rule, key, headers, &trace) { return decision }
        }
        return question.noRule()
    }
}

/// A request on its way from rule to rule.
private struct RuleEvaluation {
    private let scratch: RouteScratch
    private var dependsOnHostAlone = true

    init(_ scratch: RouteScratch) {
        self.scratch = scratch
        scratch.begin()
    }

    /// Nil: the rule does not match. A rule whose host does not match leaves no mark, so that it
    /// need not be asked.
    @inline(__always)
    mutating func ask(
        _ rule: Rule,
        _ key: borrowing RouteKey,
        _ headers: HeaderLookup,
        _ trace: inout RouteTrace?
    ) -> Decision? {
        var captured = RuleCaptures()
        let verdict = rule.match(key, headers: headers, scratch: scratch, captured: &captured)
        trace?.note(rule, verdict, key, scratch)
        if case .host = verdict { return nil }
        if !rule.asksHostAlone, verdict != .hostLimit { dependsOnHostAlone = false }
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
