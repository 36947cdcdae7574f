import NIOCore
import Transports

/// A transport without a socket, which behaves as `SocketTransport` does: what the wire does not accept waits, reads happen
/// only while the owner accepts bytes, both directions end by halves, and events reach the owner only from the driver
/// (`readable`, `takeMore`), never from within its own calls.
final class SimulatedTransport: Transport {
    private enum End {
        case none
        case orderly
        case failed
    }

    let wire: Wire
    var owner: (any TransportOwner)?
    private(set) var isReadingPaused = false
    private(set) var isOpen = true
    /// The machine at the other end acknowledges nothing any more.
    var peerIsGone = false
    private let low: Int
    private let high: Int

    private var end = End.none
    private var output: [UInt8] = []
    private var flushed = 0
    private var isBlocked = false
    private var owesWritability = false
    private var isInputEnded = false
    private var isOutputClosed = false
    private var closesOutput = false
    private var whenAllSent: (() -> Void)?

    /// - Parameter high: bytes that may wait before it is unwritable.
    init(wire: Wire, low: Int = TransportSizes.lowWatermark, high: Int = TransportSizes.highWatermark) {
        self.wire = wire
        self.low = low
        self.high = high
    }

    // MARK: What the wire does

    private var hasEvent: Bool { end != .none || owesWritability }

    private var hasInput: Bool {
        wire.wasReset || (!isReadingPaused && (!wire.toBerth.isEmpty || (wire.finished && !isInputEnded)))
    }

    /// The owner is owed an event, or there is something to read.
    var isReadable: Bool { isOpen && (hasEvent || hasInput) }

    /// Tells the owner what it is owed; else reads once, up to `count` bytes, and the end behind them.
    func readable(_ count: Int) {
        guard isOpen else { return }
        if hasEvent { return tell() }
        guard !wire.wasReset else {
            end = .failed
            return tell()
        }
        guard let owner, owner.acceptsBytes else { return isReadingPaused = true }
        if !wire.toBerth.isEmpty {
            var bytes = ByteBuffer(bytes: wire.take(count))
            owner.received(&bytes)
            self.owner?.readCompleted()
        } else if wire.finished, !isInputEnded {
            isInputEnded = true
            guard isOutputClosed else { return owner.inputEnded() }
            end = .orderly
            tell()
        }
    }

    private func tell() {
        if owesWritability {
            owesWritability = false
            owner?.becameWritable()
        }
        guard end != .none, isOpen else { return }
        let failed = end == .failed
        let owner = self.owner
        close()
        owner?.closed(failed: failed)
    }

    /// Flushed bytes wait, and the wire takes some or says that it will not.
    var isFlushable: Bool {
        isActive && flushed > 0 && (wire.fromBerth.count < wire.window || wire.farClosed || wire.wasReset)
    }

    func takeMore() {
        let before = output.count
        send()
        if before > 0, output.isEmpty { owesWritability = true }
        tell()
    }

    private func send() {
        while isFlushable {
            guard let accepted = wire.accept(output[..<flushed]) else { return end = .failed }
            output.removeFirst(accepted)
            flushed -= accepted
        }
        if isBlocked, output.count <= low {
            isBlocked = false
            owesWritability = true
        }
        guard output.isEmpty else { return }
        if closesOutput { closeOutputNow() }
        let done = whenAllSent
        whenAllSent = nil
        done?()
    }

    // MARK: Transport

    var isActive: Bool { isOpen && end == .none }
    var isWritable: Bool { !isBlocked }
    var waitingBytes: Int { output.count }
    var unacknowledgedBytes: Int { isOpen ? wire.fromBerth.count : 0 }
    var hasPendingInput: Bool { isActive && wire.hasNews }

    func peerResponds() -> Bool { !peerIsGone }

    func write(_ bytes: ByteBuffer) {
        guard isActive, !closesOutput, !isOutputClosed else { return }
        output += bytes.readableBytesView
        if output.count > high { isBlocked = true }
    }

    func flush() {
        flushed = output.count
        send()
    }

    func resumeReading() {
        guard isReadingPaused, owner?.acceptsBytes == true else { return }
        isReadingPaused = false
    }

    func awaitInput() {}

    func whenFlushed(_ done: @escaping () -> Void) {
        flush()
        guard !output.isEmpty, isActive else { return done() }
        whenAllSent = done
    }

    func closeOutput() {
        guard isActive, !isOutputClosed else { return }
        closesOutput = true
        flush()
    }

    private func closeOutputNow() {
        guard isActive, !isOutputClosed else { return }
        isOutputClosed = true
        if isInputEnded { end = .orderly } else { wire.finishedByBerth() }
    }

    func resetOnClose() { wire.resetsOnClose = true }

    func close() {
        guard isOpen else { return }
        isOpen = false
        owner = nil
        output = []
        flushed = 0
        wire.closedByBerth()
        let done = whenAllSent
        whenAllSent = nil
        done?()
    }
}
