package import NIOCore

/// A byte stream in both directions: a socket, TLS, later a multiplexed stream, in tests a pipe.
///
/// Every property is truthful where there is no socket below. Used on its event loop alone.
package protocol Transport: AnyObject {
    /// Receives the events. While there is none, bytes that arrive wait.
    var owner: (any TransportOwner)? { get set }
    /// Open in at least one direction.
    var isActive: Bool { get }
    /// More bytes can be written without holding many of them in memory.
    var isWritable: Bool { get }
    /// Reading has stopped, because the owner does not accept bytes.
    var isReadingPaused: Bool { get }
    /// What has been written and has not left this process yet, bytes.
    var waitingBytes: Int { get }
    /// What has left this process and the peer has not acknowledged yet, bytes; 0 where that is not known. May cost
    /// a system call.
    var unacknowledgedBytes: Int { get }
    /// Whether bytes, or the peer's end, have arrived that the owner has not received. May cost a system call.
    var hasPendingInput: Bool { get }

    /// The peer has begun to open the stream, as by a TLS handshake, and has not finished.
    var isOpening: Bool { get }

    /// What both sides have agreed on as the protocol of the bytes (ALPN, RFC 7301); nil: nothing.
    var negotiatedProtocol: String? { get }

    /// Whether the machine at the other end still acknowledges what it is sent. From the first call on it is probed: if
    /// it is gone, the transport ends within seconds. True where that cannot be known. Costs a system call.
    func peerResponds() -> Bool

    /// Queues bytes. They leave at the next `flush`.
    func write(_ bytes: ByteBuffer)
    func flush()
    /// Reads again, if the owner accepts bytes.
    func resumeReading()
    /// The owner waits for bytes or the peer's end from now on. Before, the transport may overlook both.
    func awaitInput()
    /// Ends the output after everything that was written (a half-close). Flushes. When both halves have ended the
    /// transport closes, and tells its owner.
    func closeOutput()
    /// Calls `done` when everything that was written has left, or cannot. Flushes.
    func whenFlushed(_ done: @escaping () -> Void)
    /// Closes both directions at once. What still waits is lost. The owner receives no further event.
    func close()
    /// Makes the next `close` tell the peer that the stream broke off (a TCP reset), where the transport can.
    func resetOnClose()
}

extension Transport {
    package var isOpening: Bool { false }

    package var negotiatedProtocol: String? { nil }

    package func peerResponds() -> Bool { true }
}

/// Receives what a transport reads, and its events: from the event loop, never from within a call of its own.
package protocol TransportOwner: AnyObject {
    /// Whether bytes that arrive now have a place to go: this is the back-pressure.
    var acceptsBytes: Bool { get }
    /// Bytes have arrived. They are in memory that all connections of the loop use: what the owner keeps beyond this
    /// call it copies (`ByteBuffer.keep`).
    func received(_ bytes: inout ByteBuffer)
    /// All that one read brought has been passed on.
    func readCompleted()
    /// The peer has closed its half.
    func inputEnded()
    /// Fewer bytes wait than before: the transport is writable, or everything has left.
    func becameWritable()
    /// The transport is gone, and its owner did not close it.
    ///
    /// - Parameter failed: it ended by an error, not by an orderly close.
    func closed(failed: Bool)
}
