package import HTTP1
package import NIOCore

/// Receives what happens on a stream of a session: from `HTTP2Session`'s owner, event by event.
package protocol HTTP2StreamOwner: AnyObject {
    /// A head arrived: an interim response, or the response. (A request's makes the owner.)
    ///
    /// - Parameters:
    ///   - text: as HTTP/1 has it, in `range` of the memory's text.
    ///   - isLast: no body follows.
    func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool)
    func bodyArrived(_ bytes: ByteBuffer)
    /// Field lines arrived after the body. `inputEnded` follows.
    func trailersArrived(_ text: ByteBuffer, _ range: ByteRange)
    /// The message is complete.
    func inputEnded()
    /// The stream is gone.
    func streamClosed(_ code: HTTP2Code)
}

/// One stream of a session: what is to be sent on it, and who it belongs to.
///
/// Used on its event loop alone.
package final class HTTP2Stream {
    package let id: Int32
    /// Who receives what happens on it. To be set to nil when the stream has closed: each refers to the other.
    package var owner: (any HTTP2StreamOwner)?
    /// Neither side has ended or reset it yet, as far as the library knows.
    package internal(set) var isOpen = true

    /// The whole message has left the session.
    package internal(set) var isOutputSent = false
    /// This side has reset it, or the library has, or will when it next sends.
    package internal(set) var isReset = false
    /// The peer has reset it.
    var isResetByPeer = false
    /// The message that is being received has ended.
    var isInputEnded = false
    /// The request's head has left for the peer: it may have been processed.
    package internal(set) var hasSentHead = false
    /// The response to it has no body, whatever its fields are.
    var isHeadRequest = false
    /// The head of the response has arrived: what follows are trailers.
    var hasResponse = false
    /// No further part of the body follows those that wait.
    var isOutputEnded = false
    /// The head has been given to the library.
    var hasHead = false
    /// Field lines that follow the body.
    var trailers: ByteBuffer?
    /// The library waits for more to send.
    var isDeferred = false
    /// It is among those that have been given something since the last flush.
    var isTouched = false

    private var first = ByteBuffer()
    private var rest: [ByteBuffer] = []
    /// What waits to be sent, bytes.
    package private(set) var waitingBytes = 0

    init(id: Int32) {
        self.id = id
    }

    /// All of the message has been given to the library.
    var isDrained: Bool { isOutputEnded && waitingBytes == 0 }

    func append(_ piece: ByteBuffer) {
        let count = piece.readableBytes
        guard count > 0 else { return }
        if waitingBytes == 0 {
            first = piece
        } else if rest.isEmpty, piece.readableBytes <= Self.joinedBytes,
            first.readableBytes <= Self.joinedBytes
        {
            first.writeImmutableBuffer(piece)
        } else {
            rest.append(piece)
        }
        waitingBytes += count
    }

    /// Small pieces are joined.
    private static let joinedBytes = 4 << 10

    /// Takes `count` bytes, or all that wait.
    func take(_ count: Int, _ body: (ByteBuffer) -> Void) {
        var left = min(count, waitingBytes)
        waitingBytes -= left
        while left > 0 {
            if let slice = first.readSlice(length: min(left, first.readableBytes)) {
                left -= slice.readableBytes
                body(slice)
            }
            guard first.readableBytes == 0 else { continue }
            if rest.isEmpty {
                first = ByteBuffer()
                return
            }
            first = rest.removeFirst()
        }
    }

    /// Copies what waits out of memory that others use, or that is much larger.
    func hold() {
        guard waitingBytes > 0 else { return }
        if rest.isEmpty, first.storageCapacity <= 2 * waitingBytes { return }
        var own = ByteBuffer()
        own.reserveCapacity(waitingBytes)
        own.writeImmutableBuffer(first)
        for piece in rest { own.writeImmutableBuffer(piece) }
        first = own
        rest = []
    }

    func discardOutput() {
        first = ByteBuffer()
        rest = []
        waitingBytes = 0
        trailers = nil
    }
}
