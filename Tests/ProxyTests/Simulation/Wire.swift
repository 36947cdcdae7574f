import Glibc

/// What two kernels and the cable between them would hold of one connection: bytes on
/// their way in both directions, and who has closed what.
///
/// One end is a `SimulatedSocket`, on which Berth's handlers sit; the other is played by
/// a simulated client or container, which calls `send`, `finish`, `reset` and `receive`.
final class Wire {
    /// On their way to Berth.
    private(set) var toBerth: [UInt8] = []
    private(set) var finished = false
    private(set) var wasReset = false
    /// On their way from Berth, up to `window` bytes.
    private(set) var fromBerth: [UInt8] = []
    /// Berth sends no more: behind `fromBerth`.
    private(set) var berthFinished = false
    /// Berth has closed altogether: what is sent now finds nobody.
    private(set) var berthClosed = false
    /// The far end learnt that its bytes found nobody.
    private(set) var berthReset = false
    /// Berth means its close to be a reset.
    var resetsOnClose = false
    /// The far end has closed altogether: what Berth sends now finds nobody.
    private(set) var farClosed = false
    /// Bytes that the far end's kernel holds for it.
    let window: Int

    /// Bytes that Berth took, and those that the far end took.
    private(set) var takenByBerth = 0
    private(set) var takenByFar = 0

    init(window: Int) {
        self.window = window
    }

    // MARK: The far end

    /// How many bytes Berth's kernel still takes for it. Even behind an end NIO reads all of them at once.
    var room: Int { max(0, Self.capacity - toBerth.count) }
    static let capacity = 16_000

    var canSend: Bool { !finished && !wasReset && !farClosed && !berthReset }

    func send(_ bytes: ArraySlice<UInt8>) {
        guard canSend else { return }
        if berthClosed { return loseAnswer() }
        toBerth.append(contentsOf: bytes)
    }

    /// Sends no more.
    func finish() {
        guard canSend else { return }
        finished = true
    }

    /// Breaks off: what is under way in either direction is lost.
    func reset() {
        guard !wasReset else { return }
        wasReset = true
        farClosed = true
        toBerth = []
        fromBerth = []
    }

    /// Closes altogether; like a kernel, with a reset where unread bytes are left.
    func close() {
        guard !farClosed else { return }
        if !fromBerth.isEmpty { return reset() }
        farClosed = true
        finished = true
    }

    /// Takes up to `count` bytes.
    func receive(_ count: Int) -> ArraySlice<UInt8> {
        let taken = fromBerth.prefix(count)
        fromBerth.removeFirst(taken.count)
        takenByFar += taken.count
        return taken
    }

    /// All that Berth had to say has been taken.
    var isDrained: Bool { fromBerth.isEmpty && (berthFinished || berthClosed || berthReset) }

    // MARK: Berth's end

    var hasNews: Bool { !toBerth.isEmpty || finished || wasReset }

    func take(_ count: Int) -> ArraySlice<UInt8> {
        let taken = toBerth.prefix(count)
        toBerth.removeFirst(taken.count)
        takenByBerth += taken.count
        return taken
    }

    /// - Returns: how many bytes the kernel took; nil when the far end is known to be gone.
    func accept(_ bytes: ArraySlice<UInt8>) -> Int? {
        if wasReset { return nil }
        if farClosed {
            // The first write is taken; the reset that answers it is seen by the next call.
            wasReset = true
            return bytes.count
        }
        let taken = bytes.prefix(max(0, window - fromBerth.count))
        fromBerth.append(contentsOf: taken)
        return taken.count
    }

    func finishedByBerth() {
        berthFinished = true
    }

    func closedByBerth() {
        guard !berthClosed else { return }
        berthClosed = true
        // Linux resets where unread bytes are left, and the answer may be lost to it.
        if !toBerth.isEmpty || resetsOnClose { loseAnswer() }
        toBerth = []
    }

    private func loseAnswer() {
        berthReset = true
        fromBerth = []
    }
}

/// Whether the bytes are the same; quickly, also where nothing is optimised.
func same(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in
            guard let one = left.baseAddress, let other = right.baseAddress else { return true }
            return memcmp(one, other, left.count) == 0
        }
    }
}
