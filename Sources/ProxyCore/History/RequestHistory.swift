import Balancing
import Bytes
package import NIOCore
import Routing

/// The last requests of one event loop, for `berth why`, and the last failed ones beside them.
///
/// All of its memory is there from the start: a request allocates nothing. About 900 bytes a place: 4.7 MB a loop.
///
/// Used on its event loop alone.
package final class RequestHistory {
    /// Requests that succeeded, and failed ones.
    package static let usualPlaces = (recent: 4096, failed: 1024)

    private let recentPlaces: Int
    private var nextRecent = 0
    private var failed: FailedPlaces
    /// The places of the failed requests follow those of the others.
    private var slots: [RequestSlot]
    private var notes: [RequestNotes?]
    private var texts: TextShelf
    private var spareNotes: [RequestNotes] = []
    private var number: UInt64 = 0
    /// The place of the newest request.
    private var newest = 0
    private let seed: UInt64
    /// Nobody looks at the requests.
    package private(set) var isForTraces = false

    /// - Parameter seed: of the lanes of hosts, which no client shall know.
    package init(recent: Int = usualPlaces.recent, failed: Int = usualPlaces.failed, seed: UInt64) {
        recentPlaces = recent
        self.failed = FailedPlaces(count: failed)
        slots = [RequestSlot](repeating: RequestSlot(), count: recent + failed)
        notes = [RequestNotes?](repeating: nil, count: recent + failed)
        texts = TextShelf(places: recent + failed)
        self.seed = seed
    }

    /// Keeps nothing, but makes copies of traced requests.
    package static func forTraces() -> RequestHistory {
        let history = RequestHistory(recent: 1, failed: 1, seed: 0)
        history.isForTraces = true
        return history
    }

    package static func isFailed(_ reason: Failure.Reason?, status: Int) -> Bool {
        reason != nil || status >= 500
    }

    /// For a request that begins to wait, connects or is sent again. It comes back with `record`, or is lost with a request
    /// that is not recorded.
    func takeNotes() -> RequestNotes {
        guard let notes = spareNotes.popLast() else { return RequestNotes() }
        notes.clear()
        return notes
    }

    // MARK: One more request

    /// A request has ended.
    ///
    /// - Parameter generation: of the rules (`RequestStages.generation`).
    func record(
        _ facts: inout ExchangeFacts,
        _ end: ExchangeEnd,
        _ downstream: any ExchangeDownstream,
        generation: UInt64
    ) {
        number &+= 1
        let isFailed = Self.isFailed(facts.failure?.reason, status: facts.status)
        let place: Int
        if isFailed {
            place = recentPlaces + failed.take(key: lane(of: facts))
        } else {
            place = nextRecent
            nextRecent = nextRecent + 1 < recentPlaces ? nextRecent + 1 : 0
        }
        newest = place
        exchange(&facts.notes, at: place, now: end.now)
        texts.begin(place)
        slots[place].number = number
        slots[place].generation = generation
        Self.fill(&slots[place], &texts, &facts, end, downstream, isFailed: isFailed)
    }

    /// The notes of the place's last request may be used again.
    @inline(__always)
    private func exchange(_ new: inout RequestNotes?, at place: Int, now: NIODeadline) {
        new?.endWait(now: now)
        if let old = notes[place] {
            spareNotes.append(old)
            notes[place] = new
        } else if new != nil {
            notes[place] = new
        }
    }

    /// - Parameter texts: begun at the slot's place.
    @inline(__always)
    static func fill(
        _ slot: inout RequestSlot,
        _ texts: inout TextShelf,
        _ facts: inout ExchangeFacts,
        _ end: ExchangeEnd,
        _ downstream: any ExchangeDownstream,
        isFailed: Bool
    ) {
        let connection = downstream.connection
        slot.start = facts.start
        slot.end = end.now
        slot.connected = facts.connected
        // That of an earlier attempt.
        if let began = facts.notes?.connectBegan, let last = slot.connected, last < began {
            slot.connected = nil
        }
        slot.responded = facts.responded
        slot.peer = connection.peer
        slot.client = facts.route.client ?? connection.peer
        slot.endpoint = facts.upstream?.endpoint
        slot.status = facts.status
        slot.reason = facts.failure?.reason
        slot.stage = facts.upstream == nil ? facts.route.stage : .connect
        slot.pick = facts.route.pickReason
        slot.protocolName = downstream.protocolName
        slot.bytesIn = end.bytesIn
        slot.bytesOut = facts.bytesOut
        slot.sentHost = facts.route.decision?.forwarding?.edits.host
        var flags: RequestSlot.Flags = []
        if facts.reused { flags.insert(.reused) }
        if end.wasRetried { flags.insert(.retried) }
        if connection.scheme == .https || facts.route.isSecure { flags.insert(.secure) }
        if end.isTunnel { flags.insert(.tunnel) }
        if connection.trusted { flags.insert(.trusted) }
        if facts.route.decision != nil { flags.insert(.decided) }
        slot.flags = flags
        if let pool = facts.route.pool {
            slot.endpoints = pool.endpointCount
            slot.wellEndpoints = isFailed ? pool.wellEndpointCount : nil
            slot.method = pool.settings?.settings.method
        } else {
            (slot.endpoints, slot.wellEndpoints, slot.method) = (0, nil, nil)
        }
        var writer = RequestTextWriter()
        writer.write(&facts, into: &texts)
        slot.texts = writer.texts
    }

    /// Failures of one host share a lane; those without a rule share one by their cause, whatever host they name.
    private func lane(of facts: borrowing ExchangeFacts) -> UInt64 {
        var hash = seed
        if facts.route.decision?.decision.rule == nil, let reason = facts.failure?.reason {
            let name = reason.rawValue.utf8.span
            for index in name.indices { hash = Self.mixed(hash, name[index]) }
        } else {
            facts.withHost { host in
                for index in host.indices { hash = Self.mixed(hash, ASCII.lowercased(host[index])) }
            }
        }
        return hash ^ (hash >> 32)
    }

    private static func mixed(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
    }

    /// A copy of the request that was recorded last.
    func newestRequest(now: NIODeadline) -> KeptRequest { kept(newest, slots[newest].generation, now) }

    // MARK: Commands

    /// The newest requests first.
    ///
    /// - Parameters:
    ///   - limit: the most that are returned.
    ///   - failedOnly: those that failed, or got 500 or more.
    package func newest(_ limit: Int, failedOnly: Bool, generation: UInt64, now: NIODeadline) -> [KeptRequest]
    {
        let places = failedOnly ? recentPlaces..<slots.count : 0..<slots.count
        let used = places.filter { slots[$0].number > 0 }.sorted { slots[$0].number > slots[$1].number }
        return used.prefix(limit).map { kept($0, generation, now) }
    }

    /// The requests with this id, the newest first: a client may have chosen it more than once.
    package func requests(withID id: [UInt8], generation: UInt64, now: NIODeadline) -> [KeptRequest] {
        matching(.id, id).sorted { slots[$0].number > slots[$1].number }.map { kept($0, generation, now) }
    }

    /// The newest request for a host; nil: none is kept.
    ///
    /// - Parameter host: without a port: requests with any are for it.
    package func last(ofHost host: [UInt8], generation: UInt64, now: NIODeadline) -> KeptRequest? {
        slots.indices
            .filter { slots[$0].number > 0 && isRequest($0, for: host) }
            .max { slots[$0].number < slots[$1].number }
            .map { kept($0, generation, now) }
    }

    private func matching(_ text: RequestText, _ value: [UInt8]) -> [Int] {
        slots.indices.filter { place in
            slots[place].number > 0
                && texts.holds(value.span, at: slots[place].texts.range(of: text), of: place)
        }
    }

    private func isRequest(_ place: Int, for host: [UInt8]) -> Bool {
        let range = slots[place].texts.range(of: .host)
        let length = min(host.count, RequestText.host.maxBytes)
        guard length <= range.count else { return false }
        let start = range.lowerBound..<(range.lowerBound + length)
        guard texts.holds(host.span.extracting(first: length), at: start, of: place) else { return false }
        // A port may follow.
        return length == range.count
            || texts.holds([ASCII.colon].span, at: start.upperBound..<(start.upperBound + 1), of: place)
    }

    private func kept(_ place: Int, _ generation: UInt64, _ now: NIODeadline) -> KeptRequest {
        let slot = slots[place]
        return KeptRequest(
            slot: slot,
            bytes: texts.bytes(of: place, count: slot.texts.range(of: .message).upperBound),
            notes: notes[place],
            age: now - slot.start,
            hasCurrentRules: slot.generation == generation
        )
    }
}
