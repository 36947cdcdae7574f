import NIOCore
import Transports

/// A socket of a test: what is written to it is collected, and the test says what arrives.
final class PipeTransport: Transport {
    var owner: (any TransportOwner)?
    private(set) var isActive = true
    private(set) var isReadingPaused = false
    var unacknowledgedBytes = 0
    var hasPendingInput = false

    /// Bytes that leave at once; what is more waits.
    var window = Int.max
    private var unflushed = ByteBuffer()
    private var waiting = ByteBuffer()
    private var sent: [UInt8] = []
    private(set) var isOutputClosed = false
    private(set) var isReset = false
    private(set) var flushes = 0
    private var closesOutput = false
    private var whenSent: [() -> Void] = []

    var waitingBytes: Int { unflushed.readableBytes + waiting.readableBytes }
    var isWritable: Bool { waitingBytes <= TransportSizes.highWatermark }

    // MARK: The test's end

    /// What has left since the last call.
    func takeSent() -> [UInt8] {
        defer { sent = [] }
        return sent
    }

    /// Bytes arrive, unless the owner does not accept any.
    ///
    /// - Returns: whether they were received.
    @discardableResult
    func arrive(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard isActive, let owner, owner.acceptsBytes else {
            isReadingPaused = true
            return false
        }
        isReadingPaused = false
        var buffer = ByteBuffer(bytes: bytes)
        owner.received(&buffer)
        self.owner?.readCompleted()
        return true
    }

    /// The peer closes its half of the socket.
    func endInput() {
        guard isActive else { return }
        if isOutputClosed {
            let owner = self.owner
            close()
            owner?.closed(failed: false)
        } else {
            owner?.inputEnded()
        }
    }

    /// More can leave.
    func open(_ more: Int) {
        window += more
        send()
        owner?.becameWritable()
    }

    // MARK: Transport

    func write(_ bytes: ByteBuffer) {
        guard isActive, !isOutputClosed, !closesOutput else { return }
        unflushed.writeImmutableBuffer(bytes)
    }

    func flush() {
        flushes += 1
        waiting.writeBuffer(&unflushed)
        unflushed.clear()
        send()
    }

    private func send() {
        let count = min(window, waiting.readableBytes)
        if let bytes = waiting.readBytes(length: count) { sent += bytes }
        if window != .max { window -= count }
        guard waiting.readableBytes == 0 else { return }
        if closesOutput { isOutputClosed = true }
        let done = whenSent
        whenSent = []
        for one in done { one() }
    }

    func resumeReading() { isReadingPaused = false }
    func awaitInput() {}

    func closeOutput() {
        closesOutput = true
        flush()
    }

    func whenFlushed(_ done: @escaping () -> Void) {
        flush()
        if waiting.readableBytes == 0 { done() } else { whenSent.append(done) }
    }

    func close() {
        isActive = false
        owner = nil
    }

    func resetOnClose() { isReset = true }
}

/// Notes what a transport tells its owner.
final class NotingOwner: TransportOwner {
    var acceptsBytes = true
    private(set) var received: [UInt8] = []
    private(set) var events: [String] = []
    var onReceive: (([UInt8]) -> Void)?

    var text: String { String(decoding: received, as: UTF8.self) }

    func received(_ bytes: inout ByteBuffer) {
        let new = Array(bytes.readableBytesView)
        received += new
        onReceive?(new)
    }

    func readCompleted() {}
    func inputEnded() { events.append("input ended") }
    func becameWritable() { events.append("writable") }
    func closed(failed: Bool) { events.append(failed ? "failed" : "closed") }
}
