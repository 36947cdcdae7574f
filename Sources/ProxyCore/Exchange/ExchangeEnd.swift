import NIOCore

/// What is known of an exchange at its end beside its facts: found out once for all that count or keep it.
struct ExchangeEnd {
    let now: NIODeadline
    /// Body bytes received from the downstream.
    let bytesIn: UInt64
    let wasRetried: Bool
    let isTunnel: Bool
}

extension Exchange {
    /// What it would be if the request ended now.
    func end(_ downstream: any ExchangeDownstream) -> ExchangeEnd {
        ExchangeEnd(
            now: context.now,
            bytesIn: downstream.requestBodyBytes &+ (tunnel?.bytesUp ?? 0),
            wasRetried: machine.wasRetried,
            isTunnel: tunnel != nil
        )
    }

    /// Of the rules that have decided, or would.
    var rulesGeneration: UInt64 {
        facts.route.decision == nil ? context.stages.generation : facts.route.generation
    }

    /// Keeps and counts the request, which has ended.
    func keep(_ downstream: any ExchangeDownstream) {
        let end = end(downstream)
        if !facts.isQuery, let history = context.history {
            history.record(&facts, end, downstream, generation: rulesGeneration)
            if facts.trace?.isSampled == true { recordTrace(history.newestRequest(now: end.now)) }
        }
        context.metrics?.record(&facts, end)
    }
}
