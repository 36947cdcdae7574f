import Metrics
import Routing
import Settings

/// The ledger of one event loop: which name a request belongs to, and its counts.
struct LoopLedger {
    /// `by`: the target's name.
    private static let target = "target"

    private let capture: String
    private var counts: LedgerCounts
    /// Changes with each interval: decisions remember their places within one.
    private var interval: UInt32 = 1

    /// - Parameter seed: of the hash.
    init?(_ settings: LedgerSettings, seed: UInt64) {
        guard let by = settings.by else { return nil }
        capture = by
        counts = LedgerCounts(limit: settings.names, seed: seed)
    }

    mutating func take() -> LedgerCounts {
        interval &+= 1
        return counts.take()
    }

    mutating func add(_ figures: LedgerCounts.Figures, of decision: CachedDecision?) {
        guard let decision else { return counts.add(figures, at: .unnamed) }
        if decision.counted.interval != interval {
            decision.counted.ledgerPlace = place(of: decision)
            decision.counted.interval = interval
        }
        counts.add(figures, at: decision.counted.ledgerPlace)
    }

    private mutating func place(of decision: CachedDecision) -> LedgerCounts.Place {
        if capture == Self.target {
            guard let target = decision.forwarding?.forward.target.name else { return .unnamed }
            return counts.place(of: target.utf8.span)
        }
        var place = LedgerCounts.Place.unnamed
        var isFound = false
        decision.decision.captures.forEachNamed { group, value in
            guard group == capture, !isFound else { return }
            isFound = true
            place = counts.place(of: value)
        }
        return place
    }
}
