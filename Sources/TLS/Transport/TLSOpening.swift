import NIOCore

/// What the two sides of TLS do each in their way until a connection stands.
///
/// Used on its loop alone, by one `TLSTransport`.
protocol TLSOpening: AnyObject {
    /// Of the loop.
    var memory: TLSMemory { get }
    var loop: any EventLoop { get }
    /// The peer is to receive why it was refused: the connection stays for some seconds, or until the peer closes it.
    var waitsForRefused: Bool { get }

    /// - Parameter bytes: that have arrived.
    /// - Returns: what comes next. Called until that is not `needsMore`.
    func begin(_ bytes: inout ByteBuffer) -> TLSOpeningStep
    /// - Returns: why what the peer sends first in the handshake cannot be TLS; nil: it may be.
    func flaw(ofFirst bytes: ByteBufferView) -> TLSFailure?
    /// The handshake is complete.
    ///
    /// - Parameters:
    ///   - outcome: of the bytes that completed it, and those after them.
    ///   - hasData: data of the peer has arrived already.
    /// - Returns: why the connection is not used; nil: it is.
    func flaw(of stream: TLSStream, after outcome: TLSStream.Outcome, hasData: Bool) -> TLSFailure?
    /// The connection stands, and no data of the peer has been passed on. Called once, before `ended`.
    func established(_ stream: TLSStream)
    /// The peer has gone during the handshake.
    ///
    /// - Parameter bytes: that had arrived.
    func cutOff(after bytes: Int) -> TLSFailure
    /// Called once.
    func ended(_ outcome: TLSHandshakeEnd.Outcome, of transport: TLSTransport)
}

extension TLSOpening {
    func flaw(ofFirst bytes: ByteBufferView) -> TLSFailure? { nil }
    func flaw(of stream: TLSStream, after outcome: TLSStream.Outcome, hasData: Bool) -> TLSFailure? { nil }
    func established(_ stream: TLSStream) {}
}

enum TLSOpeningStep {
    case needsMore
    /// - Parameter first: the bytes that OpenSSL gets first.
    case handshake(TLSStream, first: ByteBuffer)
    /// - Parameter reply: what the peer receives.
    case refused(TLSFailure, reply: ByteBuffer?)
}
