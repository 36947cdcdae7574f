import HTTP1
import NIOCore

/// The trace of a request. Without `tracing` there is none.
extension Exchange {
    func beginTrace(_ head: borrowing RequestHead, _ source: ByteBuffer, _ settings: TraceSettings) {
        facts.trace = TraceContext(
            head,
            source,
            trusted: downstream?.connection.trusted == true,
            settings,
            &context.random
        )
    }

    /// The head of the request has been written to `outgoing`: its last line is the `traceparent`.
    func noteTraceOffset(_ edits: RequestHeadEdits) {
        // Unless the rule sets or removes it.
        guard !edits.changes("traceparent") else { return }
        facts.trace?.offset = outgoing.writerIndex - TraceContext.bytesAfterSpan - 16
    }

    /// An attempt begins, which is a span of its own.
    func beginAttemptSpan() {
        guard facts.trace?.isSampled == true else { return }
        facts.trace?.attempt = TraceContext.identifier(&context.random)
    }

    /// Writes the span of the attempt into the head that is about to be sent.
    func writeAttemptSpan() {
        guard let trace = facts.trace, trace.isSampled, trace.offset > 0 else { return }
        let digits = HexDigits(trace.attempt)
        for index in digits.span.indices { outgoing.setInteger(digits.span[index], at: trace.offset + index) }
    }

    /// The exchange is over: its spans go to the collector.
    func recordTrace(_ request: KeptRequest?) {
        guard let trace = facts.trace, trace.isSampled, let request, let log = context.traceLog,
            let endpoint = context.settings.tracing?.endpoint
        else { return }
        log.add(TracedRequest(trace: trace, request: request), to: endpoint)
    }
}
