import HTTP1
import NIOCore
import Routing

/// What is known of the request that an exchange serves. A new value for each request, so that nothing of the last
/// one can be left over; its buffers are used again.
struct ExchangeFacts {
    /// The method decides how a response ends (RFC 9112 §6.3).
    var method = MethodKind.other
    /// The request offers another protocol (`Upgrade`).
    var wantsUpgrade = false
    /// The protocols that it offers: the value of `Upgrade`. Empty where none is wanted.
    var requestedProtocols: [UInt8] = []
    /// Of the two representations of a failure, the client prefers JSON.
    var prefersJSON = false
    /// What the stages found out.
    var route = RequestRoute()
    /// The request waits for the endpoints of a name.
    var nameWait: NameWait?
    /// The request waits for its target, which is paused.
    var holdWait: TargetHoldWait?
    /// The request waits for a place at its target.
    var placeWait: PlaceWait?
    /// Where the request was sent.
    var upstream: Upstream?
    /// Where connecting failed.
    var attempted = AttemptedUpstreams()
    /// How long it may go on where its endpoint or the tier drains.
    var drain = DrainClock()
    /// The response is an event stream that can be ended; nil: it is not.
    var events: EventBoundary?
    /// The protocol that follows 101 is WebSocket.
    var isWebSocket = false
    /// What a request for an error page takes over; nil: no page is fetched for this request.
    var pageRequest: PageRequest?
    /// The error page that is being fetched.
    var pageFetch: PageFetch?

    // For the access log.
    var requestID: ByteBuffer
    var logFields: RequestLogFields
    /// The status that the client gets; 0 before there is one.
    var status = 0
    var failure: Failure?
    /// Body bytes sent to the downstream.
    var bytesOut: UInt64 = 0
    let start: NIODeadline
    /// When the upstream's connection was there.
    var connected: NIODeadline?
    /// When the response's head arrived.
    var responded: NIODeadline?
    /// The upstream's connection had been used before.
    var reused = false

    init(start: NIODeadline) {
        self.start = start
        self.requestID = ByteBuffer()
        self.logFields = RequestLogFields()
    }

    /// A new request, with the space of an earlier one's buffers.
    init(start: NIODeadline, reusing old: inout ExchangeFacts) {
        self.start = start
        self.requestID = old.requestID
        self.logFields = old.logFields
        old.requestID = ByteBuffer()
        old.logFields = RequestLogFields()
        requestID.clear()
        logFields.clear()
    }

    /// What is known of the request's fields before any rule: its id, and how its client reads failures.
    mutating func readFields(_ head: borrowing RequestHead, _ source: ByteBuffer, _ random: inout Random) {
        var kept = false
        for index in head.fields.indices {
            let field = head.fields[index]
            switch field.id {
            case .xRequestID:
                let value = source.readableBytesUInt8Span.extracting(field.value.indices)
                if !kept, RequestID.isKept(value) {
                    requestID.writeBytes(value.bytes)
                    kept = true
                }
            case .accept where !prefersJSON:
                prefersJSON = AcceptField.prefersJSON(
                    source.readableBytesUInt8Span.extracting(field.value.indices)
                )
            default:
                break
            }
        }
        if !kept { RequestID.make(&random, into: &requestID) }
    }
}
