import Foundation
import PCRE2
import TestSupport
import Testing

@testable import Routing

/// The table that finds its candidates against the plain loop over all rules, and what is known of
/// patterns against PCRE2 itself.
///
/// `BERTH_PROPERTY_PAIRS` says how many pairs of a host and a rule set (a few seconds' worth when it is
/// not set), `BERTH_SEED` where to begin.
@Suite struct ScaleTests {
    static let pairs = ProcessInfo.processInfo.environment["BERTH_PROPERTY_PAIRS"].flatMap(Int.init) ?? 20_000
    static let hostsOfASet = 200

    @Test func `The table decides as the plain loop does, and the loop as PCRE2`() async {
        var seed = TestSeed.make(for: "ScaleTests")
        let scratch = RouteScratch()
        var tally = Tally()
        while tally.pairs < Self.pairs {
            defer { seed &+= 1 }
            await Task.yield()
            var rules = RandomRules(seed)
            let definitions = rules.definitions()
            guard let table = try? RouteTable(definitions) else { continue }
            let oracles = table.rules.map(Oracle.init)
            tally.sets += 1
            for _ in 0..<Self.hostsOfASet {
                let host = rules.host(for: definitions)
                let request = Request(&rules)
                let problem =
                    request.disagreement(table, host, scratch, &tally)
                    ?? Oracle.disagreement(oracles, host, scratch, &tally)
                tally.pairs += 1
                if let problem {
                    let text = String(decoding: host, as: UTF8.self)
                    let hosts = definitions.map { $0.host ?? "-" }
                    Issue.record("seed \(seed): \(text), \(request), rules \(hosts): \(problem)")
                    return
                }
            }
        }
        print(tally)
        #expect(tally.forwarded > tally.pairs / 20 && tally.refused > tally.pairs / 20)
        #expect(tally.cut > 0 && tally.narrowed > 0)
    }

    struct Tally: CustomStringConvertible {
        var sets = 0
        var pairs = 0
        var forwarded = 0
        var refused = 0
        var limits = 0
        var cut = 0
        /// Rules that need not be asked.
        var narrowed = 0

        var description: String {
            """
            \(pairs) pairs of \(sets) rule sets: \(forwarded) forwarded, \(refused) refused, \(limits) limits hit; \
            \(narrowed) rules not asked, \(cut) matched around a core
            """
        }
    }
}

/// What of a request is not its host.
private struct Request: CustomStringConvertible {
    let target: String
    let method: String
    let field: String?

    init(_ rules: inout RandomRules) {
        target = rules.one(of: ["/", "/a", "/b", "/b/a?a", "/%zz", "*"])
        method = rules.one(of: ["GET", "GET", "POST"])
        field = rules.chance(1, of: 3) ? rules.one(of: ["1", "b"]) : nil
    }

    var description: String { "\(method) \(target) \(field ?? "")" }

    /// Nil: both ways of the table agree.
    func disagreement(
        _ table: RouteTable,
        _ host: [UInt8],
        _ scratch: RouteScratch,
        _ tally: inout ScaleTests.Tally
    ) -> String? {
        let target = Array(self.target.utf8)
        let method = Array(self.method.utf8)
        let field = field.map { Array($0.utf8) }
        let key = RouteKey(
            host: host.span,
            target: target.span,
            method: method.span,
            scheme: .http,
            client: IPAddress(v4: 0x7F00_0001)
        )
        let headers: HeaderLookup = { _, visit in
            if let field { visit(field.span) } else { false }
        }
        let fast = table.decide(key, headers: headers, scratch: scratch)
        if scratch.candidates.count < table.rules.count { tally.narrowed += 1 }
        var none: RouteTrace?
        let slow = table.decideInOrder(key, headers: headers, scratch: scratch, recording: &none)
        if case .forward = slow.outcome { tally.forwarded += 1 }
        if case .refuse(let refusal) = slow.outcome {
            tally.refused += 1
            if refusal.reason == .matchLimit { tally.limits += 1 }
        }
        if fast.rule !== slow.rule { return "\(fast), but in order \(slow)" }
        if fast.dependsOnHostAlone != slow.dependsOnHostAlone { return "dependsOnHostAlone" }
        if Array(fast.captures) != Array(slow.captures) { return "captures" }
        switch (fast.outcome, slow.outcome) {
        case (.forward(let fast), .forward(let slow)):
            return fast.target == slow.target && fast.requestTarget == slow.requestTarget ? nil : "forward"
        case (.redirect(_, let fast), .redirect(_, let slow)): return fast == slow ? nil : "redirect"
        case (.refuse(let fast), .refuse(let slow)): return fast == slow ? nil : "refusal"
        default: return "\(fast), but in order \(slow)"
        }
    }
}

/// A rule's host condition as it is defined, without a look at its literals.
private struct Oracle {
    let rule: Rule
    let pattern: Pattern?

    init(_ rule: Rule) {
        self.rule = rule
        let text = rule.definition.host.flatMap { $0.hasPrefix("~") ? String($0.dropFirst()) : nil }
        pattern = text.flatMap { try? Pattern($0, options: [.caseless, .wholeSubject]) }
        // As the table's: of strange patterns the interpreter and machine code say different things.
        pattern?.prepare()
    }

    static func disagreement(
        _ oracles: [Oracle],
        _ host: [UInt8],
        _ scratch: RouteScratch,
        _ tally: inout ScaleTests.Tally
    ) -> String? {
        for oracle in oracles {
            guard case .pattern(let hostPattern) = oracle.rule.host else { continue }
            guard let pattern = oracle.pattern else { return "a core compiled of a pattern that does not" }
            let verdict = hostPattern.match(host.span, scratch: scratch)
            switch (pattern.match(host.span, scratch: scratch.match), verdict) {
            case (.matched(let whole), .yes(let ranges)):
                if whole != ranges { return "\(pattern.text): other ranges" }
                if hostPattern.core.pattern.text != pattern.text { tally.cut += 1 }
            case (.noMatch, .no): continue
            // What the whole pattern is given up for its literals, or its core alone, may settle.
            case (.limitExceeded, _), (.failed, _): tally.limits += 1
            case (let outcome, _): return "\(pattern.text): \(verdict) instead of \(outcome)"
            }
        }
        return nil
    }
}
