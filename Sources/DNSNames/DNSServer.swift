import Routing

/// One DNS server, queried from several ports: whoever sends forged answers must not know where one of many open
/// queries expects its own (RFC 5452 §9.2).
///
/// Used on one thread.
final class DNSServer {
    /// Queries that are sent from one port; then another port is taken.
    static let queriesOfPort = 32
    /// The maximum number of ports at one time. If all are used up, that with the fewest open queries is used again.
    static let maxPorts = 128

    private let address: Endpoint
    private let timeout: Int32
    /// A channel has one port for UDP, as long as queries are open on it.
    private(set) var channels: [AresChannel]

    /// - Parameter timeout: for each response, milliseconds.
    /// - Throws: c-ares' status.
    init(_ address: Endpoint, timeout: Int32) throws(AresFault) {
        self.address = address
        self.timeout = timeout
        self.channels = [try AresChannel(server: address, timeout: timeout)]
    }

    /// - Parameter completion: called once, perhaps before this returns.
    func query(_ question: DNSQuestion, completion: @escaping (AresChannel.Outcome) -> Void) {
        channel().query(question, completion: completion)
    }

    /// The latest that has room: so older ones come to rest, and get a new port.
    private func channel() -> AresChannel {
        if let free = channels.last(where: { $0.queriesOfPort < Self.queriesOfPort }) { return free }
        if channels.count < Self.maxPorts, let made = try? AresChannel(server: address, timeout: timeout) {
            channels.append(made)
            return made
        }
        // `init` made the first one.
        return channels.min { $0.open < $1.open } ?? channels[0]
    }

    /// Gives up channels that a burst has left behind: each takes some 80 KiB.
    func trim() {
        if channels.count > 1, channels.allSatisfy({ $0.open == 0 }) { channels.removeSubrange(1...) }
    }
}
