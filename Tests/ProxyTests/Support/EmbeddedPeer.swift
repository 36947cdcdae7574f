import TestSupport

/// The far end of a connection of an `EmbeddedTier`: what lies between the test and Berth.
final class EmbeddedEnd {
    let wire: Wire
    let transport: SimulatedTransport
    /// What has been received and not been taken yet.
    fileprivate(set) var received: [UInt8] = []
    /// How much has been received in all, bytes.
    private(set) var count = 0

    init() {
        wire = Wire(window: 1 << 20)
        transport = SimulatedTransport(wire: wire)
    }

    /// Takes from the wire what is there.
    ///
    /// - Returns: whether there was anything.
    func receive() -> Bool {
        guard !wire.farClosed, !wire.fromBerth.isEmpty else { return false }
        let some = wire.receive(.max)
        received += some
        count += some.count
        return true
    }
}

/// A client or an origin of an `EmbeddedTier`, which a test plays move by move.
///
/// After each move of a test everything happens that can happen. An origin's script is part of that.
struct EmbeddedPeer: Identifiable {
    let tier: EmbeddedTier
    let end: EmbeddedEnd

    var id: ObjectIdentifier { ObjectIdentifier(end) }
    private var wire: Wire { end.wire }

    /// Berth has closed at least its half, in whatever way.
    var isEnded: Bool { wire.berthFinished || wire.berthClosed || wire.berthReset }

    /// Berth has closed with a reset.
    var isReset: Bool { wire.berthReset }

    /// The test has closed this end.
    var isClosed: Bool { wire.farClosed }

    // MARK: Moves

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        wire.send(bytes[...])
        tier.settle()
    }

    /// Sends no more.
    func finish() {
        wire.finish()
        tier.settle()
    }

    func close() {
        wire.close()
        tier.settle()
    }

    func reset() {
        wire.reset()
        tier.settle()
    }

    // MARK: What has come

    /// The next head with its empty line; nil while it is not whole.
    func nextHeadBytes() -> [UInt8]? {
        let mark: [UInt8] = [13, 10, 13, 10]
        let bytes = end.received
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return nil }
        return takeBytes(start + mark.count)
    }

    func nextHead() -> String? { nextHeadBytes().map { String(decoding: $0, as: UTF8.self) } }

    /// A head, which must be there.
    func takeHead() throws -> String {
        guard let head = nextHead() else { throw missing("a head") }
        return head
    }

    /// Bytes that must be there.
    func take(exactly count: Int) throws -> String {
        guard end.received.count >= count else { throw missing("\(count) bytes") }
        return take(count)
    }

    /// A head, and the body that its Content-Length announces.
    func takeResponse() throws -> (head: String, body: String) {
        let head = try takeHead()
        let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst("content-length: ".count)) }
        return (head, try take(exactly: length ?? 0))
    }

    /// All that has come, whether there is more to come or not.
    func takeAll() -> String { take(end.received.count) }

    /// All that has come, and no more will.
    func takeToEnd() throws -> String {
        guard isEnded else { throw missing("the end") }
        return takeAll()
    }

    /// … as bytes.
    func takeBytes() -> [UInt8] { takeBytes(end.received.count) }

    private func take(_ count: Int) -> String { String(decoding: takeBytes(count), as: UTF8.self) }

    private func takeBytes(_ count: Int) -> [UInt8] {
        defer { end.received.removeFirst(count) }
        return Array(end.received.prefix(count))
    }

    private func missing(_ what: String) -> RawSocket.Failure {
        let there = String(decoding: end.received, as: UTF8.self).debugDescription
        return RawSocket.Failure(text: "\(what) instead of \(there), \(isEnded ? "which is all" : "so far")")
    }
}
