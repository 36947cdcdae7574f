import NIOCore
import Transports

/// One side of a tunnel: receives its transport's events.
final class TunnelSide: TransportOwner {
    let transport: any Transport
    var bytes: UInt64 = 0
    var hasEnded: Bool
    /// Its connection has ended.
    var isGone = false
    private(set) var early: ByteBuffer
    /// Until the tunnel ends.
    private var tunnel: Tunnel?

    // MARK: Of a WebSocket

    /// Where the frames end that it has sent; nil: it is not a WebSocket.
    var frames: WebSocketFrames?
    /// The close frame that follows its last frame on the other side; nil: none, or it has been sent.
    var farewell: ByteBuffer?
    /// A close frame has been sent to the other side.
    var isConcluded = false
    /// It sends no more: it has sent a close frame, or has gone.
    var isOver: Bool { hasEnded || isGone || frames?.isClosed == true }

    init(_ end: TunnelEnd, isWebSocket: Bool) {
        transport = end.transport
        early = end.early
        hasEnded = end.inputEnded
        if isWebSocket { frames = WebSocketFrames() }
    }

    func join(_ tunnel: Tunnel) {
        self.tunnel = tunnel
        transport.owner = self
    }

    func leave() {
        tunnel = nil
        transport.owner = nil
    }

    func takeEarly() -> ByteBuffer {
        defer { early = ByteBuffer() }
        return early
    }

    // MARK: TransportOwner

    var acceptsBytes: Bool { tunnel?.accepts(self) ?? true }

    func received(_ bytes: inout ByteBuffer) {
        tunnel?.pass(bytes, from: self)
        bytes = ByteBuffer()
    }

    func readCompleted() {
        guard let tunnel else { return }
        tunnel.other(self).transport.flush()
    }

    func inputEnded() {
        tunnel?.inputEnded(self)
    }

    func becameWritable() {
        guard let tunnel else { return }
        tunnel.other(self).transport.resumeReading()
    }

    func closed(failed: Bool) {
        tunnel?.closed(self, failed: failed)
    }
}
