import NIOCore

@testable import ProxyCore

/// A transport without a channel or a socket: a test plays its peer.
final class PipeTransport: Transport {
    var owner: (any TransportOwner)?
    private(set) var isActive = true
    /// The peer accepts bytes; else they wait.
    var isWritable = true
    private(set) var isReadingPaused = false
    /// Written and not flushed, or flushed and not accepted.
    private(set) var waitingBytes = 0
    var unacknowledgedBytes = 0
    var hasPendingInput = false
    /// What the peer has received.
    private(set) var received: [UInt8] = []
    /// What Berth did, in order.
    private(set) var events: [String] = []
    private var pending: [UInt8] = []
    private var whenEmpty: [() -> Void] = []

    // MARK: The peer

    /// - Returns: false where Berth does not read at the moment.
    @discardableResult
    func peerSends(_ text: String) -> Bool {
        guard owner?.acceptsBytes ?? true else {
            isReadingPaused = true
            return false
        }
        var bytes = ByteBuffer(string: text)
        owner?.received(&bytes)
        owner?.readCompleted()
        return true
    }

    func peerEndsInput() { owner?.inputEnded() }

    func peerCloses(failed: Bool = false) {
        isActive = false
        let owner = self.owner
        self.owner = nil
        owner?.closed(failed: failed)
    }

    /// The peer accepts all that waits.
    func peerAccepts() {
        isWritable = true
        flush()
        owner?.becameWritable()
    }

    // MARK: Transport

    func write(_ bytes: ByteBuffer) {
        pending += Array(bytes.readableBytesView)
        waitingBytes = pending.count
    }

    func flush() {
        guard isWritable else { return }
        received += pending
        pending = []
        waitingBytes = 0
        let done = whenEmpty
        whenEmpty = []
        for each in done { each() }
    }

    func resumeReading() {
        guard isReadingPaused, owner?.acceptsBytes ?? true else { return }
        isReadingPaused = false
        events.append("reads")
    }

    func closeOutput() { whenFlushed { [self] in events.append("output closed") } }

    func whenFlushed(_ done: @escaping () -> Void) {
        whenEmpty.append(done)
        flush()
    }

    func close() {
        isActive = false
        owner = nil
        events.append("closed")
    }

    func resetOnClose() { events.append("reset") }
}
