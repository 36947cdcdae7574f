package import NIOCore
package import Transports

/// A transport without a channel or a socket: a test plays its peer.
package final class PipeTransport: Transport {
    package var owner: (any TransportOwner)?
    package private(set) var isActive = true
    /// The peer accepts bytes; else they wait.
    package var isWritable = true
    package private(set) var isReadingPaused = false
    /// Written and not flushed, or flushed and not accepted.
    package private(set) var waitingBytes = 0
    package var unacknowledgedBytes = 0
    package var hasPendingInput = false
    /// What the peer has received.
    package private(set) var received: [UInt8] = []
    /// What Berth did, in order.
    package private(set) var events: [String] = []
    private var pending: [UInt8] = []
    private var isInputEnded = false
    private var isOutputClosed = false
    private var whenEmpty: [() -> Void] = []

    package init() {}

    // MARK: The peer

    /// - Returns: false where Berth does not read at the moment.
    @discardableResult
    package func peerSends(_ text: String) -> Bool {
        guard owner?.acceptsBytes ?? true else {
            isReadingPaused = true
            return false
        }
        deliver(text.utf8)
        return true
    }

    /// Bytes arrive, whether Berth reads at the moment or not.
    package func deliver(_ sent: some Sequence<UInt8>) {
        var bytes = ByteBuffer(bytes: sent)
        deliver(&bytes)
    }

    package func deliver(_ bytes: inout ByteBuffer) {
        owner?.received(&bytes)
        owner?.readCompleted()
    }

    package func peerEndsInput() {
        guard isActive, !isInputEnded else { return }
        isInputEnded = true
        if isOutputClosed { peerCloses() } else { owner?.inputEnded() }
    }

    package func peerCloses(failed: Bool = false) {
        isActive = false
        let owner = self.owner
        self.owner = nil
        owner?.closed(failed: failed)
    }

    /// The peer accepts all that waits.
    package func peerAccepts() {
        isWritable = true
        flush()
        owner?.becameWritable()
    }

    // MARK: Transport

    package func write(_ bytes: ByteBuffer) {
        pending += Array(bytes.readableBytesView)
        waitingBytes = pending.count
    }

    package func flush() {
        guard isWritable else { return }
        received += pending
        pending = []
        waitingBytes = 0
        let done = whenEmpty
        whenEmpty = []
        for each in done { each() }
    }

    package func resumeReading() {
        guard isReadingPaused, owner?.acceptsBytes ?? true else { return }
        isReadingPaused = false
        events.append("reads")
    }

    package func awaitInput() {}

    package func closeOutput() {
        whenFlushed { [self] in
            events.append("output closed")
            isOutputClosed = true
        }
    }

    /// What the peer has received since the last call.
    package func takeReceived() -> [UInt8] {
        defer { received = [] }
        return received
    }

    package func whenFlushed(_ done: @escaping () -> Void) {
        whenEmpty.append(done)
        flush()
    }

    package func close() {
        isActive = false
        owner = nil
        events.append("closed")
    }

    package func resetOnClose() { events.append("reset") }
}
