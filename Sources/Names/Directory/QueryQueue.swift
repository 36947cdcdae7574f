import DequeModule
import NIOCore

/// The open queries of one source: which of them are sent, which wait for a place, and when each has to have a result.
///
/// Refreshes of known names have places of their own: queries for other names, however many and however slow, delay
/// none of them. Of the other names the newest is sent first, because whoever waits for the older ones is about to
/// give up.
///
/// A pure machine: time is an argument; names to send and names without a result in time come out.
struct QueryQueue {
    enum Kind {
        /// The name had an answer, or a later source has it.
        case refresh
        /// Nothing is known of the name: whoever sent the request may have made it up.
        case new
    }

    enum Start {
        /// The query is to be sent, now or when there is a place for it.
        case started
        /// It was started already.
        case pending
        /// Too many queries wait for a place.
        case overloaded
    }

    enum End {
        /// Somebody waits for this result.
        case awaited
        /// The query failed for want of this result.
        case late
        /// No query for the name was sent.
        case unknown
    }

    private struct Query {
        let kind: Kind
        /// Distinguishes its deadlines and positions from those of earlier queries for the name.
        var serial: UInt64
        /// Nil: it waits for a place.
        var sent: NIODeadline?
        /// False: it failed for want of a result, but still takes its place.
        var isAwaited = true
    }

    private struct Moment {
        let time: NIODeadline
        let name: String
        let serial: UInt64
    }

    private let places: Int
    private let timeout: TimeAmount?
    private var queries: [String: Query] = [:]
    // Some in these are over already.
    private var refreshes = Deque<(name: String, serial: UInt64)>()
    private var others = Deque<(name: String, serial: UInt64)>()
    private var deadlines = Deque<Moment>()
    private var sent = Deque<Moment>()
    private var waitingOthers = 0
    private var sentRefreshes = 0
    private var sentOthers = 0
    private var serial: UInt64 = 0
    /// The last result was a failure, or came late.
    private var isTroubled = false

    /// - Parameters:
    ///   - places: queries of each kind that are sent at one time.
    ///   - timeout: the time from the start of a query to its failure; nil: the source itself ends each query.
    init(places: Int, timeout: TimeAmount?) {
        self.places = places
        self.timeout = timeout
    }

    /// Queries whose results are awaited.
    var awaited: Int { queries.values.count(where: \.isAwaited) }

    /// All that is kept, for tests.
    var positions: Int { refreshes.count + others.count + deadlines.count + sent.count }

    func isAwaited(_ name: String) -> Bool { queries[name]?.isAwaited == true }

    mutating func start(_ name: String, _ kind: Kind, now: NIODeadline) -> Start {
        serial &+= 1
        if var query = queries[name] {
            if query.isAwaited {
                guard kind == .refresh, query.kind == .new, query.sent == nil else { return .pending }
                // It has become known while it waited.
                drop(name, query)
            } else {
                // The source works on it still.
                query.isAwaited = true
                query.serial = serial
                queries[name] = query
                sent.append(Moment(time: now, name: name, serial: serial))
                setDeadline(name, now: now)
                return .started
            }
        }
        guard kind == .refresh || waitingOthers < NameLimits.queries else { return .overloaded }
        queries[name] = Query(kind: kind, serial: serial)
        switch kind {
        case .refresh:
            refreshes.append((name, serial))
            if refreshes.count > 4 * (queries.count + 1024) {
                refreshes.removeAll { queries[$0.name]?.serial != $0.serial }
            }
        case .new:
            others.append((name, serial))
            waitingOthers += 1
        }
        setDeadline(name, now: now)
        return .started
    }

    /// Nobody waits for the name any longer: a query that has no place yet is dropped. One that is sent goes on, for its
    /// result is of use to the next request.
    mutating func abandon(_ name: String) {
        guard let query = queries[name], query.kind == .new, query.sent == nil else { return }
        drop(name, query)
    }

    /// The names to send now.
    mutating func takeSends(now: NIODeadline) -> [String] {
        var names: [String] = []
        while sentRefreshes < places, let next = refreshes.popFirst() {
            guard send(next, now: now) else { continue }
            sentRefreshes += 1
            names.append(next.name)
        }
        while sentOthers < places, let next = others.popLast() {
            guard send(next, now: now) else { continue }
            sentOthers += 1
            waitingOthers -= 1
            names.append(next.name)
        }
        if others.count > 2 * waitingOthers + 1024 {
            others.removeAll { queries[$0.name]?.serial != $0.serial }
        }
        return names
    }

    /// The source has a result.
    mutating func end(_ name: String, failed: Bool, now: NIODeadline) -> End {
        guard let query = queries[name], let sent = query.sent else { return .unknown }
        queries.removeValue(forKey: name)
        switch query.kind {
        case .refresh: sentRefreshes -= 1
        case .new: sentOthers -= 1
        }
        isTroubled = failed || now - sent > NameLimits.stalePatience
        return query.isAwaited ? .awaited : .late
    }

    /// - Returns: the names that have no result in time.
    mutating func due(now: NIODeadline) -> [String] {
        var names: [String] = []
        while let first = deadlines.first, first.time <= now {
            deadlines.removeFirst()
            guard var query = queries[first.name], query.serial == first.serial, query.isAwaited else {
                continue
            }
            if query.sent == nil {
                drop(first.name, query)
            } else {
                query.isAwaited = false
                queries[first.name] = query
            }
            isTroubled = true
            names.append(first.name)
        }
        return names
    }

    /// The next time at which `due` has work.
    var nextDeadline: NIODeadline? { deadlines.first?.time }

    /// Whether the result of a query that is started now is likely to come late, or to be a failure.
    mutating func isLate(now: NIODeadline) -> Bool {
        while let first = sent.first, !Self.isOpen(first, queries) { sent.removeFirst() }
        if let first = sent.first, now - first.time > NameLimits.stalePatience { return true }
        return isTroubled || sentRefreshes >= places
    }

    private static func isOpen(_ moment: Moment, _ queries: [String: Query]) -> Bool {
        guard let query = queries[moment.name] else { return false }
        return query.serial == moment.serial && query.isAwaited
    }

    private static func removeOver(_ moments: inout Deque<Moment>, _ queries: [String: Query]) {
        moments.removeAll { !isOpen($0, queries) }
    }

    private mutating func send(_ next: (name: String, serial: UInt64), now: NIODeadline) -> Bool {
        guard var query = queries[next.name], query.serial == next.serial, query.sent == nil else {
            return false
        }
        query.sent = now
        queries[next.name] = query
        sent.append(Moment(time: now, name: next.name, serial: next.serial))
        // One without end stays at the front while others come and go.
        if sent.count > 4 * places + 1024 { Self.removeOver(&sent, queries) }
        return true
    }

    private mutating func drop(_ name: String, _ query: Query) {
        queries.removeValue(forKey: name)
        if query.kind == .new { waitingOthers -= 1 }
    }

    private mutating func setDeadline(_ name: String, now: NIODeadline) {
        guard let timeout else { return }
        deadlines.append(Moment(time: now + timeout, name: name, serial: serial))
        if deadlines.count > 4 * (queries.count + 1024) { Self.removeOver(&deadlines, queries) }
    }
}
