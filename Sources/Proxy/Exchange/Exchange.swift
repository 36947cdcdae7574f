import ProxyCore
import HTTP1
import NIOCore
import Routing

/// What a downstream connection knows of the request it is serving. One value is
/// used again by each request of the connection, so that its buffers are too.
struct Exchange {
    var machine = ExchangeMachine(requestComplete: true, idempotent: true, now: .uptimeNanoseconds(0))
    /// Where the request's body ends.
    var decoder = BodyDecoder(.none)
    /// What goes upstream first: the head, and the body where all of it came with the
    /// head. Held until an answer begins, as it may be sent again.
    var outgoing = ByteBuffer()
    var upstream: UpstreamConnection?
    /// Counts the exchanges of a connection, so that what comes late finds nobody.
    var serial: UInt64 = 0

    var method = MethodKind.other
    var version = HTTPVersion.http11
    /// The downstream connection lives on after this exchange, as far as is known yet.
    var keepAlive = false
    /// The client sends nothing after this request (`Connection: close`, or HTTP/1.0).
    var clientCloses = false
    var wantsUpgrade = false
    var prefersJSON = false
    /// The client waits for 100 before it sends its body.
    var expectsContinue = false
    /// What the stages found out.
    var route = RequestRoute()
    var coding = BodyCoding.passthrough
    /// The answer's head, and perhaps some of its body, are collected, and nothing of it is written.
    var isHeadHeld = false

    var endpoint: Upstream?

    // For the access log.
    var requestID = ByteBuffer()
    var notes = RequestNotes()
    var status = 0
    var failure: Failure?
    var bytesOut: UInt64 = 0
    var start = NIODeadline.uptimeNanoseconds(0)
    var connected: NIODeadline?
    var answered: NIODeadline?
    var reused = false

    /// Makes ready for the next request; the buffers keep their room.
    mutating func reset(now: NIODeadline) {
        serial &+= 1
        upstream = nil

        endpoint = nil
        coding = .passthrough
        isHeadHeld = false
        wantsUpgrade = false
        prefersJSON = false
        expectsContinue = false
        route.reset()
        keepAlive = false
        clientCloses = false
        status = 0
        failure = nil
        bytesOut = 0
        start = now
        connected = nil
        answered = nil
        reused = false
        requestID.clear()
        notes.clear()
    }

    /// Gives the buffers back: an idle connection holds nothing it does not need.
    mutating func releaseBuffers() {
        outgoing = ByteBuffer()
        requestID = ByteBuffer()
        notes = RequestNotes()
    }
}

/// The parts of a request that its log record shows, copied aside: the head itself is
/// gone when the record is written.
struct RequestNotes {
    private var bytes = ByteBuffer()
    private var method = 0..<0
    private var target = 0..<0
    private var host = 0..<0
    private var referer: Range<Int>?
    private var userAgent: Range<Int>?

    mutating func clear() {
        bytes.clear()
        method = 0..<0
        target = 0..<0
        host = 0..<0
        referer = nil
        userAgent = nil
    }

    mutating func take(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        method = append(head.methodRange, source)
        target = append(head.targetRange, source)
        host = append(head.host, source)
        for index in head.fields.indices {
            switch head.fields[index].id {
            case .referer: referer = append(head.fields[index].value, source)
            case .userAgent: userAgent = append(head.fields[index].value, source)
            default: break
            }
        }
    }

    private mutating func append(_ range: ByteRange, _ source: ByteBuffer) -> Range<Int> {
        let start = bytes.writerIndex
        bytes.writeBytes(source.readableBytesUInt8Span.extracting(range.indices).bytes)
        return start..<bytes.writerIndex
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    var methodBytes: ByteBuffer { slice(method) }
    var targetBytes: ByteBuffer { slice(target) }
    var hostBytes: ByteBuffer { slice(host) }
    var refererBytes: ByteBuffer? { referer.map(slice) }
    var userAgentBytes: ByteBuffer? { userAgent.map(slice) }
}
