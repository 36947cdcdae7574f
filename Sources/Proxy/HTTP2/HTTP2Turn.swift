import HTTP2
import NIOCore
import Transports

/// How long what a peer has sent may keep its event loop until the other connections have had their turn. Frames of a few
/// bytes can make much work.
enum HTTP2Turn {
    /// Bytes of one step. The time is looked at between two. Bodies take next to none: after a quick step the next is large,
    /// as parts of frames cost more than whole ones.
    private static let step = (large: 16 << 10, usual: 4 << 10, short: 512)
    private static let quick = TimeAmount.microseconds(20)
    private static let time = (usual: TimeAmount.microseconds(250), short: TimeAmount.microseconds(100))

    /// Passes bytes to a session for one turn. It is short where the peer has sent much without use.
    ///
    /// - Parameters:
    ///   - bytes: the rest, for the next turn; empty: everything was taken.
    ///   - roundTime: of the loop.
    /// - Throws: where the connection cannot go on.
    static func pass(_ bytes: inout ByteBuffer, to session: HTTP2Session, now roundTime: NIODeadline)
        throws(HTTP2Failure)
    {
        guard bytes.readableBytes > step.usual else {
            try session.receive(bytes, now: roundTime)
            bytes = ByteBuffer()
            return
        }
        let start = NIODeadline.now()
        var now = start
        var count = step.usual
        repeat {
            if session.isSpending { count = step.short }
            guard let part = bytes.readSlice(length: min(count, bytes.readableBytes)) else { break }
            try session.receive(part, now: roundTime)
            let before = now
            now = .now()
            count = now - before < quick ? step.large : step.usual
        } while bytes.readableBytes > 0 && !session.isAbused
            && now - start < (session.isSpending ? time.short : time.usual)
    }

    /// The rest in memory of its own: that of a read is the loop's.
    fileprivate static func keep(_ rest: ByteBuffer) -> ByteBuffer {
        var own = ByteBuffer()
        guard rest.readableBytes > 0 else { return own }
        own.reserveCapacity(rest.readableBytes)
        own.writeImmutableBuffer(rest)
        return own
    }
}

/// A connection that takes in turns what its peer sends. It accepts nothing more while there is a rest.
protocol HTTP2Receiver: HTTP2Link, Sendable {
    /// Of its loop.
    var turns: HTTP2Turns { get }
    var transport: (any Transport)? { get }
    /// What has arrived, for the next turn. Empty after the end.
    var rest: ByteBuffer { get set }
    /// The session has events.
    ///
    /// - Returns: whether the connection goes on.
    func turnEnded(_ failure: HTTP2Failure?) -> Bool
    func readCompleted()
}

extension HTTP2Receiver {
    /// Takes what the transport has read. Where the peer has sent much without use, the others go first.
    func take(_ bytes: inout ByteBuffer) {
        if !session.isSpending { pass(&bytes) }
        rest = HTTP2Turn.keep(bytes)
        bytes = ByteBuffer()
        if rest.readableBytes > 0 { turns.wait(self) }
    }

    /// Takes the rest at once: the peer has sent its last.
    func takeRest() {
        while rest.readableBytes > 0 {
            var bytes = ByteBuffer()
            swap(&bytes, &rest)
            pass(&bytes)
            rest = bytes
        }
        readCompleted()
    }

    private func pass(_ bytes: inout ByteBuffer) {
        var failure: HTTP2Failure?
        do {
            try HTTP2Turn.pass(&bytes, to: session, now: loop.now)
        } catch {
            failure = error
        }
        if !turnEnded(failure) { bytes = ByteBuffer() }
    }

    /// Its turn has come.
    ///
    /// - Returns: whether there is a rest.
    func goOn() -> Bool {
        guard transport != nil, rest.readableBytes > 0 else { return false }
        var bytes = ByteBuffer()
        swap(&bytes, &rest)
        pass(&bytes)
        rest = bytes
        readCompleted()
        guard rest.readableBytes == 0 else { return true }
        transport?.resumeReading()
        return false
    }
}
