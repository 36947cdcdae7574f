import Metrics

/// Where the requests of a decision are counted: found out once for each decision, as most are remembered.
struct CountedDecision {
    /// The number of the rule, as long as `LoopMetrics` has this generation.
    var generation: UInt32 = 0
    /// The place in the ledger, within this interval.
    var interval: UInt32 = 0
    var rule = 0
    var ledgerPlace = LedgerCounts.Place.unnamed
    /// What stands for the host in top lists; 0: not known.
    var hostHash: UInt64 = 0
    /// What its requests add up to since the last tick, where they are all for one host.
    var figures = LedgerCounts.Figures()
    /// Those of them that count as errors.
    var errors: UInt64 = 0
}
