/// The hosts with the most requests, bytes and errors of the last one to two minutes, on one event loop. Constant memory.
package struct TopHosts: Sendable {
    package enum Order: String, Sendable, CaseIterable {
        case requests, bytes, errors
    }

    /// Three lists, one for each order.
    private struct Lists {
        var requests: TopList
        var bytes: TopList
        var errors: TopList

        init(capacity: Int) {
            requests = TopList(capacity: capacity)
            bytes = TopList(capacity: capacity)
            errors = TopList(capacity: capacity)
        }

        subscript(order: Order) -> TopList {
            switch order {
            case .requests: requests
            case .bytes: bytes
            case .errors: errors
            }
        }

        mutating func removeAll() {
            requests.removeAll()
            bytes.removeAll()
            errors.removeAll()
        }
    }

    /// Nanoseconds after which the present lists become those before, and the ones before are forgotten.
    package static let period: UInt64 = 60_000_000_000

    private let hash: ByteHash
    /// The host that comes next, in lower case and without its port.
    private var host = [UInt8](repeating: 0, count: TopList.keyBytes)
    private var present: Lists
    private var before: Lists
    private var began: UInt64
    private var beganBefore: UInt64
    package let capacity: Int

    /// - Parameters:
    ///   - capacity: hosts of each list.
    ///   - seed: of the hash.
    ///   - now: nanoseconds of any clock.
    package init(capacity: Int, seed: UInt64, now: UInt64) {
        self.capacity = capacity
        hash = ByteHash(seed: seed)
        present = Lists(capacity: capacity)
        before = Lists(capacity: capacity)
        began = now
        beganBefore = now
    }

    /// What stands for a host: the same for each request for it.
    ///
    /// - Parameter received: the host as received.
    /// - Returns: never 0; nil: there is no host.
    package mutating func hash(of received: Span<UInt8>) -> UInt64? {
        let count = normalise(received)
        guard count > 0 else { return nil }
        return max(1, hash(host.span.extracting(first: count)))
    }

    /// A request for a host has ended.
    ///
    /// - Parameters:
    ///   - received: the host as received.
    ///   - hash: of it.
    package mutating func add(_ received: Span<UInt8>, hash: UInt64, _ counted: TopFigures) {
        if !present.requests.add(hash: hash, weight: counted.requests, counted) {
            insert(received, hash, into: .requests, weight: counted.requests, counted)
        }
        if counted.bytes > 0, !present.bytes.add(hash: hash, weight: counted.bytes, counted) {
            insert(received, hash, into: .bytes, weight: counted.bytes, counted)
        }
        if counted.errors > 0, !present.errors.add(hash: hash, weight: counted.errors, counted) {
            insert(received, hash, into: .errors, weight: counted.errors, counted)
        }
    }

    private mutating func insert(
        _ received: Span<UInt8>,
        _ hash: UInt64,
        into order: Order,
        weight: UInt64,
        _ counted: TopFigures
    ) {
        let count = normalise(received)
        // A reference, so that the lists may change meanwhile.
        let host = host
        let key = host.span.extracting(first: count)
        switch order {
        case .requests: present.requests.insert(key, hash: hash, weight: weight, counted)
        case .bytes: present.bytes.insert(key, hash: hash, weight: weight, counted)
        case .errors: present.errors.insert(key, hash: hash, weight: weight, counted)
        }
    }

    /// To be called a few times a second.
    package mutating func tick(now: UInt64) {
        guard now &- began >= Self.period else { return }
        swap(&present, &before)
        present.removeAll()
        beganBefore = began
        began = now
    }

    /// The keys of both periods, in no order, and how long ago the earlier one began, nanoseconds.
    package func entries(by order: Order, now: UInt64) -> (entries: [TopList.Entry], window: UInt64) {
        (present[order].entries + before[order].entries, now &- beganBefore)
    }

    /// - Returns: the bytes of `host` that are the key.
    private mutating func normalise(_ received: Span<UInt8>) -> Int {
        let isAddress = received.count > 0 && received[0] == UInt8(ascii: "[")
        var count = 0
        while count < received.count, count < TopList.keyBytes {
            let byte = received[count]
            if byte == UInt8(ascii: ":"), !isAddress { break }
            host[count] = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
            count &+= 1
            if isAddress, byte == UInt8(ascii: "]") { break }
        }
        return count
    }
}
