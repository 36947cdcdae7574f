import HTTP1
import NIOCore
import Routing

/// Fetches an error page from a target: an exchange whose downstream is memory. It has no error page itself, so that
/// nothing goes round in circles, and it is neither counted nor logged.
///
/// Used on its event loop alone.
final class PageFetch: ExchangeDownstream {
    /// Of the client that the page is for.
    let connection: ConnectionInfo
    private let exchange: Exchange
    private let deadline: NIODeadline
    private var page: FetchedPage?
    /// Called once, with nil where there is no page.
    private var done: ((FetchedPage?) -> Void)?

    init(context: ExchangeContext, connection: ConnectionInfo) {
        self.connection = connection
        exchange = Exchange(context: context, isObserved: false)
        deadline = context.now + DataPathConstants.pageTime
        exchange.attach(to: self)
    }

    /// - Parameters:
    ///   - request: of the client.
    ///   - done: called at once or later, unless the fetch is cancelled before.
    func start(
        _ forward: Forward,
        _ request: PageRequest,
        requestID: ByteBuffer,
        done: @escaping (FetchedPage?) -> Void
    ) {
        self.done = done
        let context = exchange.context
        let bytes = request.head(requestID: requestID)
        var head = RequestHead()
        var scanned = 0
        let limits = context.settings.limits.head(trusted: true)
        guard
            (try? head.parse(bytes.readableBytesUInt8Span, scanned: &scanned, limits: limits)) == true
        else { return deliver(nil) }
        exchange.begin(head, bytes, to: forward, now: context.now)
    }

    func cancel() {
        done = nil
        exchange.detach()
    }

    func tick(now: NIODeadline) {
        exchange.tick(now: now)
        if now >= deadline { deliver(nil) }
    }

    private func deliver(_ page: FetchedPage?) {
        guard let done else { return }
        cancel()
        done(page)
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
        page = head.status == 200 ? FetchedPage(head, source) : nil
        return .content
    }

    func rollBackHead() -> Bool {
        page = nil
        return true
    }

    func sendBody(_ source: ByteBuffer, _ range: ByteRange) {
        if page?.append(source.readableBytesUInt8Span.extracting(range.indices)) == false { page = nil }
    }

    func sendCollected() {
        // Not a page, or too large: the rest is nobody's.
        if page == nil { deliver(nil) }
    }

    func sendTrailer(_ source: ByteBuffer, _ line: ByteRange) {}
    func sendEnd() {}

    func sendLocal(_ response: LocalResponse, closes: Bool) -> Int {
        page = nil
        return 0
    }

    func flushResponse() {}
    func releaseTransport() -> TunnelEnd? { nil }
    func tunnelEnded(inputEnded: Bool) {}

    func exchangeEnded(requestComplete: Bool) {
        deliver(page)
    }

    func abort(resets: Bool) {
        deliver(nil)
    }
}
