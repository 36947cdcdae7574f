import HTTP1
import NIOCore
import ProxyCore

/// The response on an HTTP/1 connection: how it is framed, and whether the connection lives on after it.
///
/// Its functions write into a buffer of the caller.
struct HTTP1Response {
    /// Of the request.
    private(set) var version = HTTPVersion.http11
    private var method = MethodKind.other
    /// The connection lives on after this exchange, as far as is known yet.
    private(set) var keepsAlive = false
    /// The client sends nothing after this request (`Connection: close`, or HTTP/1.0).
    private(set) var clientCloses = false
    /// The client waits for 100 before it sends its body. Whether the body follows another response cannot be known
    /// (RFC 9110 §10.1.1).
    private(set) var expectsContinue = false
    private var coding = BodyCoding.passthrough
    /// Lines that follow the body.
    private var trailers: [UInt8] = []
    /// Its head has been written, and its end has not.
    private(set) var isOpen = false
    /// Nothing of it has left the buffer yet.
    var isHeadBuffered = false

    init() {}

    /// The response to a request.
    init(to head: borrowing RequestHead, keepsAlive: Bool) {
        version = head.version
        method = head.method
        self.keepsAlive = head.keepAlive && keepsAlive
        clientCloses = !head.keepAlive
        expectsContinue = head.expectsContinue
    }

    /// The response to a head that could not be read: the connection closes after it.
    init(toUnreadable method: MethodKind) {
        self.method = method
    }

    /// - Parameters:
    ///   - changes: of the rule; nil: none.
    ///   - last: no further request can follow.
    ///   - isEventStream: the body may end before the endpoint ends it, so that its chunks are Berth's own.
    ///   - listener: of the connection; nil: it adds nothing.
    ///   - context: of the loop.
    mutating func writeHead(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        changes: ResponseChanges?,
        last: Bool,
        isEventStream: Bool = false,
        listener: ListenerFacts?,
        with context: ExchangeContext,
        into out: inout ByteBuffer
    ) -> BodyForm {
        coding = BodyCoding(framing: head.framing, downstream: version)
        if isEventStream, version == .http11 { coding = .chunk }
        let endsByClose = coding == .dechunk || (coding == .passthrough && head.framing == .untilClose)
        keepsAlive = keepsAlive && !endsByClose && !last
        isOpen = true
        isHeadBuffered = true
        out.clear()
        write(
            head,
            source,
            coding,
            changes: changes,
            date: context.clock.dateLine,
            listener: listener,
            keepsAlive: keepsAlive,
            with: context,
            into: &out
        )
        return coding == .passthrough ? .framed : .content
    }

    /// Interim responses do not go to HTTP/1.0, which does not know them (RFC 9110 §15.2).
    ///
    /// - Returns: whether it was written.
    func writeInterim(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        with context: ExchangeContext,
        into out: inout ByteBuffer
    ) -> Bool {
        guard version == .http11 else { return false }
        out.clear()
        write(
            head,
            source,
            .passthrough,
            changes: nil,
            date: [],
            keepsAlive: true,
            with: context,
            into: &out
        )
        return true
    }

    private func write(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        _ coding: BodyCoding,
        changes: ResponseChanges?,
        date: [UInt8],
        listener: ListenerFacts? = nil,
        keepsAlive: Bool,
        with context: ExchangeContext,
        into out: inout ByteBuffer
    ) {
        HTTP1ResponseHeadWriter(
            coding: coding,
            framing: head.framing,
            keepAlive: keepsAlive,
            downstream: version,
            date: date,
            kept: context.settings.keptFields,
            listener: listener
        ).write(head, from: source, changes: changes, into: &context.headText)
        context.headText.move(to: &out)
    }

    /// Takes back a head that is still in the buffer.
    mutating func rollBack() {
        isHeadBuffered = false
        isOpen = false
        coding = .passthrough
    }

    /// Before a part of the body.
    func writeChunkStart(_ count: Int, into out: inout ByteBuffer) {
        guard coding == .chunk else { return }
        out.writeHexadecimal(UInt64(UInt(bitPattern: count)))
        out.append("\r\n")
    }

    /// After a part of the body.
    func writeChunkEnd(into out: inout ByteBuffer) {
        if coding == .chunk { out.append("\r\n") }
    }

    /// Keeps a line that follows the body. HTTP/1.0 and a body with a length have no place for it.
    mutating func keepTrailer(_ line: Span<UInt8>) {
        guard coding == .chunk else { return }
        for index in line.indices { trailers.append(line[index]) }
    }

    mutating func writeEnd(into out: inout ByteBuffer) {
        if coding == .chunk {
            if trailers.isEmpty {
                out.append("0\r\n\r\n")
            } else {
                out.append("0\r\n")
                out.writeBytes(trailers)
                out.append("\r\n")
                trailers = []
            }
        }
        isOpen = false
    }

    /// A response of Berth's own.
    ///
    /// - Parameter last: no further request can follow.
    /// - Returns: the length of its body.
    mutating func writeLocal(
        _ response: LocalResponse,
        last: Bool,
        date: [UInt8],
        into out: inout ByteBuffer
    ) -> Int {
        keepsAlive = keepsAlive && !last
        let withBody = method != .head
        isHeadBuffered = true
        out.clear()
        response.write(
            keepAlive: keepsAlive,
            http10: version == .http10,
            withBody: withBody,
            date: date,
            into: &out
        )
        return withBody ? response.body.count : 0
    }
}
