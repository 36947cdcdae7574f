import Bytes
import HTTP1
import NIOCore
import Routing

/// Sends a query to the tier at an endpoint, over the link that requests take: an exchange whose downstream is memory. It
/// is neither counted nor logged here.
///
/// Used on its event loop alone; keeps itself until it is done.
final class TierFetch: ExchangeDownstream {
    let connection = ConnectionInfo(peer: IPAddress(v4: 0x7F00_0001), localPort: 0, trustedProxies: [])
    private let exchange: Exchange
    private var content: [UInt8]?
    private var problem = "the endpoint did not respond to the query"
    private var deadline: Scheduled<Void>?
    /// Called once.
    private var done: ((TierAnswer) -> Void)?

    init(context: ExchangeContext) {
        exchange = Exchange(context: context, isObserved: false)
        exchange.attach(to: self)
    }

    func start(
        _ request: KeptRequest,
        to upstream: Upstream,
        of pool: TargetPool,
        done: @escaping (TierAnswer) -> Void
    ) {
        self.done = done
        let context = exchange.context
        // On this very loop.
        nonisolated(unsafe) let fetch = self
        deadline = context.loop.scheduleTask(in: TierQuery.timeLimit) {
            fetch.fail("the endpoint did not respond to the query in time")
        }
        let head = TierQuery.head(
            id: request.bytes(of: .id),
            host: request.slot.sentHost.map { $0[...] } ?? request.bytes(of: .host)
        )
        exchange.begin(query: head, to: upstream, of: pool, now: context.now)
    }

    private func fail(_ problem: String) {
        deliver(.none(problem))
    }

    private func deliver(_ answer: TierAnswer) {
        guard let done else { return }
        self.done = nil
        deadline?.cancel()
        exchange.detach()
        done(answer)
    }

    // MARK: ExchangeDownstream

    var protocolName: StaticString { "HTTP/1.1" }
    var requestBodyBytes: UInt64 { 0 }
    var acceptsResponse: Bool { true }
    var isHalfClosed: Bool { false }
    var isRequestPaused: Bool { false }

    func takeSmallBody(into out: inout ByteBuffer) throws(Failure) -> Bool { false }
    func resumeRequest() {}
    func sendInterim(_ head: borrowing ResponseHead, _ source: ByteBuffer) {}

    func sendHead(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        changes: ResponseChanges?
    ) -> BodyForm {
        content = nil
        problem =
            "what is at the endpoint is not a tier of this version with --admin that trusts this one (trusted_proxies)"
        let type = Array(TierQuery.contentType.utf8)
        for index in head.fields.indices where head.fields[index].id == .contentType {
            let value = source.readableBytesUInt8Span.extracting(head.fields[index].value.indices)
            if head.status == 200, value.equalsIgnoringCase(type.span) { content = [] }
        }
        return .content
    }

    func rollBackHead() -> Bool {
        content = nil
        return true
    }

    func sendBody(_ source: ByteBuffer, _ range: ByteRange) {
        guard let length = content?.count else { return }
        let bytes = source.readableBytesUInt8Span.extracting(range.indices)
        if length + bytes.count <= TierQuery.maxBytes {
            content?.append(bytes)
        } else {
            content = nil
            problem = "the answer is larger than \(TierQuery.maxBytes) bytes"
        }
    }

    func sendCollected() {
        // The rest is nobody's.
        if content == nil { fail(problem) }
    }

    func sendTrailer(_ source: ByteBuffer, _ line: ByteRange) {}
    func sendEnd() {}

    func sendLocal(_ response: LocalResponse, closes: Bool) -> Int {
        content = nil
        if let failure = exchange.failure { problem = "the query failed: \(failure.message)" }
        return 0
    }

    func flushResponse() {}
    func releaseTransport() -> TunnelEnd? { nil }
    func tunnelEnded(inputEnded: Bool) {}

    func exchangeEnded(requestComplete: Bool) {
        deliver(content.map { .content($0) } ?? .none(problem))
    }

    func abort(resets: Bool) {
        fail("the endpoint broke its answer off")
    }
}
