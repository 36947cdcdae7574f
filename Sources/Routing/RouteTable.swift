/// Rules, compiled and frozen: the answer to where a request goes.
///
/// Immutable: may be used from all threads at once, each with a `RouteScratch` of its own.
public final class RouteTable: Sendable {
    /// In the order in which they are asked; the first that matches wins.
    public let rules: [Rule]

    /// Compiles rules, in their order.
    ///
    /// - Throws: `RouteTableError` with everything that is wrong with any of them.
    public init(_ definitions: [RuleDefinition]) throws(RouteTableError) {
        var rules: [Rule] = []
        rules.reserveCapacity(definitions.count)
        var issues: [RuleIssue] = []
        var names: [String: Int] = [:]
        for (index, definition) in definitions.enumerated() {
            var compiler = RuleCompiler(index: index, definition: definition)
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
    }

    /// Decides where a request goes. Neither blocks nor fails: what cannot go anywhere is
    /// a refusal.
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
        var trace: RouteTrace?
        return decide(key, headers: headers, scratch: scratch, recording: &trace)
    }

    /// As `decide(_:headers:scratch:)`, and notes what each rule said.
    public func decide(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch,
        trace: inout RouteTrace
    ) -> Decision {
        var recording: RouteTrace? = trace
        defer { if let recording { trace = recording } }
        return decide(key, headers: headers, scratch: scratch, recording: &recording)
    }

    private func decide(
        _ key: borrowing RouteKey,
        headers: HeaderLookup,
        scratch: RouteScratch,
        recording trace: inout RouteTrace?
    ) -> Decision {
        scratch.begin()
        var dependsOnHostAlone = true
        for rule in rules {
            var captured = Captured()
            let verdict = rule.match(key, headers: headers, scratch: scratch, captured: &captured)
            trace?.note(rule, verdict, key, scratch)
            if case .host = verdict { continue }
            if !rule.asksHostAlone, verdict != .hostLimit { dependsOnHostAlone = false }
            switch verdict {
            case .host, .method, .client, .path, .header:
                continue
            case .hostLimit, .limit:
                return rule.refusal(.matchLimit, captured, dependsOnHostAlone: dependsOnHostAlone)
            case .malformedPath:
                return rule.refusal(.malformedPath, captured, dependsOnHostAlone: false)
            case .matched:
                return rule.decision(key, &captured, scratch: scratch, dependsOnHostAlone: dependsOnHostAlone)
            }
        }
        let refusal = Refusal(reason: .noRule, ruleName: nil, detail: Refusal.Reason.noRule.detail)
        return Decision(
            rule: nil,
            captures: .none,
            outcome: .refuse(refusal),
            dependsOnHostAlone: dependsOnHostAlone
        )
    }
}
