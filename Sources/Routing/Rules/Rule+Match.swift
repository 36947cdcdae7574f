import Bytes
import PCRE2

extension Rule {
    /// The result of evaluating a rule.
    enum Verdict: Equatable {
        case matched
        case host
        case method
        case client
        case path
        /// Index of the condition.
        case header(Int)
        case hostLimit
        case limit
        case malformedPath
    }

    /// Evaluates the rule's conditions, the cheap ones first; the first that fails decides.
    func match(
        _ key: borrowing RouteKey,
        headers lookup: HeaderLookup,
        scratch: RouteScratch,
        captured: inout RuleCaptures
    ) -> Verdict {
        switch host.match(key.host, scratch: scratch) {
        case .no: return .host
        case .limit: return .hostLimit
        case .yes(let ranges?):
            if let groups = host.groups {
                captured.host = PatternMatch(text: key.host, ranges: ranges, groups: groups)
            }
        case .yes(nil): break
        }
        if matchesOnHostAlone { return .matched }
        if !methods.isEmpty, !methods.contains(where: { $0.span.equals(key.method) }) { return .method }
        if !clients.isEmpty, !clients.contains(where: { $0.contains(key.client) }) { return .client }
        if !path.isAny {
            let verdict = matchPath(key, scratch: scratch, captured: &captured)
            if verdict != .matched { return verdict }
        }
        for (index, header) in headers.enumerated() {
            switch header.match(lookup, scratch: scratch) {
            case .yes: continue
            case .no: return .header(index)
            case .limit: return .limit
            }
        }
        return .matched
    }

    /// How many bytes of the host could begin a match of the rule's pattern; nil if it has no pattern.
    func furthest(_ host: Span<UInt8>) -> Int? {
        guard case .pattern = self.host, let text = definition.host else { return nil }
        return Pattern.furthest(String(text.dropFirst()), HostMatcher.patternOptions, in: host)
    }

    private func matchPath(
        _ key: borrowing RouteKey,
        scratch: RouteScratch,
        captured: inout RuleCaptures
    ) -> Verdict {
        if key.isAsterisk { return .path }
        guard scratch.normalisePath(key) else { return .malformedPath }
        let bytes = scratch.path
        switch path.match(bytes.span, scratch: scratch) {
        case .no: return .path
        case .limit: return .limit
        case .yes(let ranges?):
            if let groups = path.groups {
                captured.path = PatternMatch(text: bytes.span, ranges: ranges, groups: groups)
            }
        case .yes(nil): break
        }
        return .matched
    }

    /// The decision of a rule that matched.
    func decision(
        _ key: borrowing RouteKey,
        _ captured: inout RuleCaptures,
        scratch: RouteScratch,
        dependsOnHostAlone: Bool
    ) -> Decision {
        let outcome: Outcome
        var response: ResponseEdits?
        do {
            outcome = try self.outcome(key, &captured, scratch: scratch)
            if let plan = self.response {
                response = try plan.edits(key, captured, ownAddress(outcome, key, captured))
            }
        } catch {
            return refusal(error, captured, dependsOnHostAlone: dependsOnHostAlone && self.dependsOnHostAlone)
        }
        return Decision(
            rule: self,
            captures: Captures(host: captured.host, path: captured.path),
            outcome: outcome,
            dependsOnHostAlone: dependsOnHostAlone && self.dependsOnHostAlone,
            response: response
        )
    }

    /// What the endpoint may call itself; nil: the request does not go to one.
    private func ownAddress(
        _ outcome: Outcome,
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> OwnAddress? {
        guard case .forward(let plan) = action, case .forward(let forward) = outcome else { return nil }
        var prefix: [UInt8] = []
        try plan.prefix?.expand(key, captured, into: &prefix)
        return OwnAddress(forward, requestHost: key.host, prefix: prefix)
    }

    private func outcome(
        _ key: borrowing RouteKey,
        _ captured: inout RuleCaptures,
        scratch: RouteScratch
    ) throws(Refusal.Reason) -> Outcome {
        switch action {
        case .forward(let plan):
            return .forward(try plan.forward(key, &captured, scratch: scratch))
        case .redirect(let plan):
            return .redirect(status: plan.status, location: try plan.expand(key, captured))
        case .respond(let status, let contentType, let body):
            return .respond(status: status, contentType: contentType, body: body)
        }
    }

    func refusal(_ reason: Refusal.Reason, _ captured: RuleCaptures, dependsOnHostAlone: Bool) -> Decision {
        Decision(
            rule: self,
            captures: Captures(host: captured.host, path: captured.path),
            outcome: .refuse(Refusal(reason: reason, ruleName: name)),
            dependsOnHostAlone: dependsOnHostAlone
        )
    }
}

extension RouteTrace {
    mutating func note(
        _ rule: Rule,
        _ verdict: Rule.Verdict,
        _ key: borrowing RouteKey,
        _ scratch: RouteScratch
    ) {
        let path = scratch.path
        let result: Result =
            switch verdict {
            case .matched: .matched
            case .host: .host(matchedPrefix: rule.furthest(key.host))
            case .method: .method
            case .client: .client
            case .path: .path(matchedPrefix: key.isAsterisk ? nil : rule.path.furthest(path.span))
            case .header(let index): .header(name: rule.headers[index].name)
            case .hostLimit, .limit: .limit
            case .malformedPath: .malformedPath
            }
        steps.append(Step(ruleIndex: rule.index, ruleName: rule.name, origin: rule.origin, result: result))
    }
}
