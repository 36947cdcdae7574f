import Bytes
import HTTP1
import NIOCore

/// The trace that a request belongs to (W3C Trace Context), and its spans in this tier.
package struct TraceContext: Sendable {
    package let traceHigh: UInt64
    package let traceLow: UInt64
    /// The span of the peer; 0: the trace begins here.
    package let parent: UInt64
    /// The span of the request in this tier.
    package let span: UInt64
    /// The span of the attempt that is under way; the next tier's parent.
    package internal(set) var attempt: UInt64
    /// Its spans are sent to the collector.
    package let isSampled: Bool
    /// The peer's `tracestate` passes on.
    let keepsState: Bool
    /// Where the attempt's span is in the head that goes upstream; 0: nowhere.
    var offset = 0

    /// The trace of a request: the peer's, where it is valid and may be continued; else a new one.
    ///
    /// - Parameter trusted: the peer is a trusted proxy.
    init(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        trusted: Bool,
        _ settings: TraceSettings,
        _ random: inout Random
    ) {
        span = Self.identifier(&random)
        attempt = span
        if trusted || settings.acceptsAll, let received = TraceParent.read(head, source) {
            traceHigh = received.traceHigh
            traceLow = received.traceLow
            parent = received.span
            isSampled = received.isSampled
            keepsState = true
            return
        }
        traceHigh = random.next()
        traceLow = Self.identifier(&random)
        parent = 0
        isSampled = traceLow & ~(1 << 63) < settings.threshold
        keepsState = false
    }

    /// Not zero.
    static func identifier(_ random: inout Random) -> UInt64 { random.next() | 1 }

    /// Whether a field of the request passes on: the peer's `traceparent` never does, and its `tracestate` with its trace.
    func passes(_ name: Span<UInt8>) -> Bool {
        let (parent, state) = (TraceParent.name, TraceParent.stateName)
        if name.equalsIgnoringCase(parent.span) { return false }
        return keepsState || !name.equalsIgnoringCase(state.span)
    }

    /// Bytes that follow the attempt's span in a head that ends with the line.
    static let bytesAfterSpan = "-00\r\n\r\n".utf8.count

    /// The line `traceparent: …`. It has to be the last line of a head.
    func append(to out: inout HeadText) {
        out.append("traceparent: 00-")
        out.append(HexDigits(traceHigh).span)
        out.append(HexDigits(traceLow).span)
        out.append("-")
        out.append(HexDigits(attempt).span)
        out.append(isSampled ? "-01\r\n" : "-00\r\n")
    }
}

/// A number in 16 hexadecimal digits, without an allocation.
package struct HexDigits {
    private var bytes = InlineArray<16, UInt8>(repeating: 0)

    package init(_ value: UInt64) {
        var rest = value
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: rest & 0xF)
            bytes[15 &- index] = digit < 10 ? ASCII.zero &+ digit : UInt8(ascii: "a") &+ (digit &- 10)
            rest &>>= 4
        }
    }

    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span }
    }

    package var text: String {
        var text = ""
        for index in 0..<16 { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        return text
    }
}
