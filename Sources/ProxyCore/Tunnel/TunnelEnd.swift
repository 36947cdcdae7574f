package import Transports
package import NIOCore

/// One side of a tunnel as it is handed over: its transport, and what arrived on it before.
package struct TunnelEnd {
    package let transport: any Transport
    /// Bytes that have been read and are for the other side.
    package var early: ByteBuffer
    /// The peer has closed its half already.
    package var inputEnded: Bool

    package init(_ transport: any Transport, early: ByteBuffer, inputEnded: Bool) {
        self.transport = transport
        self.early = early
        self.inputEnded = inputEnded
    }
}
