package import NIOCore
package import Routing

/// A host that a tier has served lately, with one of its last requests.
package struct RecentHost: Sendable, Equatable {
    /// As received.
    package var host: [UInt8]
    package var method: [UInt8]
    /// The request's target, or its beginning.
    package var target: [UInt8]
    package var client: IPAddress
    package var requests: UInt64

    package init(host: [UInt8], method: [UInt8], target: [UInt8], client: IPAddress, requests: UInt64) {
        self.host = host
        self.method = method
        self.target = target
        self.client = client
        self.requests = requests
    }
}

/// The hosts that one event loop has served lately, for a reload that has to tell whose route changes.
///
/// All memory is there from the first request on. Used on its event loop alone.
package final class RecentHosts {
    private struct Entry {
        /// 0: the place is free.
        var hash = 0
        var last = NIODeadline.uptimeNanoseconds(0)
        var requests: UInt64 = 0
        var client = IPAddress(v4: 0)
        var hostBytes = 0
        var methodBytes = 0
        var targetBytes = 0
    }

    /// Hosts that a loop remembers.
    package static let hosts = 1024
    /// Places that a host may have.
    private static let ways = 4
    /// How long ago a host's last request may be.
    private static let window = TimeAmount.minutes(5)

    // Bytes of an entry's texts; longer ones are cut off, but for a host, which has no longer name.
    private static let hostRoom = 256
    static let methodRoom = 16
    static let targetRoom = 240
    private static let room = hostRoom + methodRoom + targetRoom

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []

    package init() {}

    /// Requests for a host.
    ///
    /// - Parameters:
    ///   - method: of one of them, as are the target and the client.
    ///   - requests: at least one.
    package func note(
        _ host: Span<UInt8>,
        method: Span<UInt8>,
        target: Span<UInt8>,
        client: IPAddress,
        requests: UInt64 = 1,
        now: NIODeadline
    ) {
        guard host.count > 0, host.count <= Self.hostRoom else { return }
        if entries.isEmpty {
            entries = [Entry](repeating: Entry(), count: Self.hosts)
            bytes = [UInt8](repeating: 0, count: Self.hosts * Self.room)
        }
        let hash = Self.hash(of: host)
        let index = place(for: hash, now: now)
        let isKnown = entries[index].hash == hash
        entries[index].requests = (isKnown ? entries[index].requests : 0) &+ requests
        entries[index].hash = hash
        entries[index].last = now
        entries[index].client = client
        let start = index * Self.room
        if !isKnown { entries[index].hostBytes = copy(host, to: start, Self.hostRoom) }
        entries[index].methodBytes = copy(method, to: start + Self.hostRoom, Self.methodRoom)
        entries[index].targetBytes = copy(
            target,
            to: start + Self.hostRoom + Self.methodRoom,
            Self.targetRoom
        )
    }

    private static func hash(of host: Span<UInt8>) -> Int {
        host.withUnsafeBytes { bytes in
            var hasher = Hasher()
            hasher.combine(bytes: bytes)
            return hasher.finalize() | 1
        }
    }

    private static func places(of hash: Int) -> Range<Int> {
        let first = Int(UInt(bitPattern: hash) >> 1 % UInt(hosts / ways)) * ways
        return first..<(first + ways)
    }

    /// The host's own place; else a free one, one that is out of date, or that of the host with the fewest requests.
    private func place(for hash: Int, now: NIODeadline) -> Int {
        let places = Self.places(of: hash)
        var found = places.lowerBound
        var fewest = UInt64.max
        for index in places {
            if entries[index].hash == hash { return index }
            let isFree = entries[index].hash == 0 || now - entries[index].last > Self.window
            let requests = isFree ? 0 : entries[index].requests
            if requests < fewest { (found, fewest) = (index, requests) }
        }
        return found
    }

    private func copy(_ text: Span<UInt8>, to start: Int, _ room: Int) -> Int {
        let count = min(text.count, room)
        for offset in 0..<count { bytes[start + offset] = text[offset] }
        return count
    }

    /// Those of the last minutes.
    package func snapshot(now: NIODeadline) -> [RecentHost] {
        entries.enumerated().compactMap { index, entry in
            guard entry.hash != 0, now - entry.last <= Self.window else { return nil }
            let start = index * Self.room
            let (method, target) = (start + Self.hostRoom, start + Self.hostRoom + Self.methodRoom)
            return RecentHost(
                host: Array(bytes[start..<(start + entry.hostBytes)]),
                method: Array(bytes[method..<(method + entry.methodBytes)]),
                target: Array(bytes[target..<(target + entry.targetBytes)]),
                client: entry.client,
                requests: entry.requests
            )
        }
    }
}
