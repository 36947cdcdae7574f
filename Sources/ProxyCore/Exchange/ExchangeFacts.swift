import Bytes
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
    /// The request is a call of gRPC, or of gRPC-Web: its content type.
    var isGRPC = false
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
    /// Waits and attempts, where it is kept (`ExchangeContext.history`); nil: there were none.
    var notes: RequestNotes?
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

    /// Metrics do not count it.
    var isExcluded = false
    /// Records the request; nil for nearly all.
    var tap: TapRecord?
    /// Nil: the tier has no `tracing`.
    var trace: TraceContext?
    /// It is a tier's query about another request (`TierQuery`).
    var isQuery = false

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

    /// Calls `body` with the host as received; empty: there is none, or nobody needs it.
    func withHost<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        if let host = route.decision?.host, !host.isEmpty { return body(host.span) }
        return body(logFields.bytes.readableBytesUInt8Span.extracting(logFields.host))
    }

    /// `application/grpc`, `application/grpc+proto`, `application/grpc-web` and their like.
    private static func isGRPC(_ type: Span<UInt8>) -> Bool {
        let name = grpcType
        guard type.count >= name.count, type.extracting(first: name.count).equalsIgnoringCase(name.span)
        else {
            return false
        }
        guard type.count > name.count else { return true }
        return [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ";"), ASCII.space].contains(
            type[name.count]
        )
    }

    private static let grpcType = Array("application/grpc".utf8)

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
            case .contentType:
                isGRPC = Self.isGRPC(source.readableBytesUInt8Span.extracting(field.value.indices))
            default:
                break
            }
        }
        if !kept { RequestID.make(&random, into: &requestID) }
    }
}
