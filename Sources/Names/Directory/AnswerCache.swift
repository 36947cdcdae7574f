import DequeModule
import HashTreeCollections
import HeapModule
import NIOCore

/// The answers of one query source: their lifetimes, which are queried again before they expire, and which are
/// evicted when there are too many.
///
/// A pure machine: time is an argument, names to query come out, results go in.
struct AnswerCache {
    struct Entry {
        /// Distinguishes the entry's deadlines from those of earlier entries of the name.
        var generation: UInt64
        /// Distinguishes its position in the queue from those of earlier entries.
        let born: UInt64
        let isPositive: Bool
        /// It was in use: it stays while the source fails, and is retired when it expires.
        var isKnown: Bool
        var expires: NIODeadline
        /// When its addresses last changed.
        var changed: NIODeadline
        /// Its last query failed, or its absence is doubted.
        var isFailing = false
        /// Since when every result is that the name does not exist.
        var absentSince: NIODeadline?
    }

    struct Deadline: Comparable {
        let time: NIODeadline
        let name: String
        let generation: UInt64

        static func < (left: Self, right: Self) -> Bool { left.time < right.time }
        static func == (left: Self, right: Self) -> Bool { left.time == right.time }
    }

    enum QueryStart {
        /// The result has to be waited for.
        case waits
        /// An expired answer serves meanwhile.
        case answered
        /// Too many queries are open.
        case overloaded
    }

    /// The answers that lookups use.
    var answers = TreeDictionary<String, CachedAnswer>()
    /// Names whose answers have changed; cleared by the owner.
    var changed: Set<String> = []
    /// Queries sent since the start, and those that failed.
    private(set) var queries: UInt64 = 0
    private(set) var failures: UInt64 = 0

    var entries: [String: Entry] = [:]
    var deadlines = Heap<Deadline>()
    /// In the order of their arrival; some are removed already.
    var positives = Deque<(name: String, born: UInt64)>()
    var negatives = Deque<(name: String, born: UInt64)>()
    var retired: RetiredAnswers
    /// Retired answers that serve from then on, if there is no result until then.
    private var revivals = Deque<(time: NIODeadline, name: String, serial: UInt64)>()
    var queue: QueryQueue
    var trial = AbsenceTrial()
    var health = SourceHealth()
    var positiveAnswers = 0
    var addresses = 0
    var generation: UInt64 = 0
    /// The source, for messages.
    let label: String
    let absence: QueryTraits.Absence
    /// How long an answer serves after it has expired while the source fails; nil: without limit.
    let maxStale: TimeAmount?
    let bounds: (positives: Int, negatives: Int, addresses: Int)
    /// Whether the source has a name from elsewhere than a server that may be down.
    let isFixed: (String) -> Bool

    init(
        label: String = "",
        _ traits: QueryTraits = QueryTraits(),
        maxStale: TimeAmount?,
        positives: Int = NameLimits.positives,
        negatives: Int = NameLimits.negatives,
        addresses: Int = NameLimits.addressesOfSource,
        isFixed: @escaping (String) -> Bool = { _ in false }
    ) {
        self.label = label
        self.absence = traits.absence
        self.maxStale = maxStale
        self.bounds = (positives, negatives, addresses)
        self.isFixed = isFixed
        self.queue = QueryQueue(places: traits.places, timeout: traits.timeout.map { TimeAmount($0) })
        self.retired = RetiredAnswers(names: positives, addresses: addresses)
    }

    var negativeAnswers: Int { entries.count - positiveAnswers }
    var pendingQueries: Int { queue.awaited }
    /// Why the source counts as down; nil: it does not.
    var outage: String? { health.outage }

    /// The age and the remaining life of an answer; nil where there is none.
    func lifetime(of name: String, now: NIODeadline) -> AnswerLifetime? {
        entries[name].map { entry in
            AnswerLifetime(
                age: Duration(max(.zero, now - entry.changed)),
                left: Duration(max(.zero, entry.expires - now))
            )
        }
    }

    // MARK: Queries

    /// Whether the name had an answer that may serve.
    func isKnown(_ name: String, now: NIODeadline) -> Bool {
        retired[name].map { mayServe($0.expired, now: now) } ?? false
    }

    /// Queries a name that has no answer.
    ///
    /// - Parameter isElsewhere: a later source has the name.
    mutating func startQuery(_ name: String, isElsewhere: Bool = false, now: NIODeadline) -> QueryStart {
        let old = isKnown(name, now: now) ? retired[name] : nil
        let isLate = queue.isLate(now: now)
        let start = queue.start(name, old != nil || isElsewhere ? .refresh : .new, now: now)
        if start == .overloaded { return .overloaded }
        if let old {
            if isLate {
                revive(name, now: now)
                return .answered
            }
            if start == .started { revivals.append((now + NameLimits.stalePatience, name, old.serial)) }
        } else if isElsewhere, isLate, let outage {
            // The source is down, and the name is not one that it had: later sources serve it meanwhile.
            put(
                name,
                .failed(NameProblem(.unavailable, outage), UsageMark()),
                life: NameLimits.failurePause,
                now: now
            )
            return .answered
        }
        return .waits
    }

    mutating func abandon(_ name: String) {
        queue.abandon(name)
    }

    /// The names to send to the source now.
    mutating func takeSends(now: NIODeadline) -> [String] {
        let names = queue.takeSends(now: now)
        queries &+= UInt64(names.count)
        return names
    }

    /// The result of a query.
    mutating func receive(_ result: NameQueryResult, for name: String, now: NIODeadline) {
        var failed = false
        if case .failed = result { failed = true }
        let end = queue.end(name, failed: failed, now: now)
        if failed {
            // One that comes late has been handled at its deadline.
            if end == .late { return }
            failures &+= 1
        }
        take(result, for: name, now: now)
    }

    private mutating func take(_ result: NameQueryResult, for name: String, now: NIODeadline) {
        var resolves = false
        switch result {
        case .addresses(let addresses, let ttl) where !addresses.isEmpty:
            resolves = true
            retired.remove(name)
            keep(
                Array(addresses.prefix(NameLimits.addressesOfName)),
                for: name,
                life: Self.life(ttl),
                now: now
            )
            health.responded()
        case .addresses:
            absent(name, life: NameLimits.failurePause, now: now)
        case .none(let ttl):
            absent(name, life: Self.life(ttl), now: now)
        case .failed(let problem):
            fail(name, problem, now: now)
        }
        if let verdict = trial.testify(name, resolves: resolves) { conclude(verdict, now: now) }
    }

    private mutating func absent(_ name: String, life: TimeAmount, now: NIODeadline) {
        if absence != .certain, doubt(name, now: now) { return }
        retired.remove(name)
        put(name, .none(UsageMark()), life: life, now: now)
        health.responded(none: true)
    }

    /// A query has failed: what was known serves on.
    mutating func fail(_ name: String, _ problem: NameProblem, isDoubted: Bool = false, now: NIODeadline) {
        revive(name, now: now)
        guard var entry = entries[name], entry.isKnown, mayServe(entry.expires, now: now) else {
            health.failed(problem, isKnown: false)
            return put(name, .failed(problem, UsageMark()), life: NameLimits.failurePause, now: now)
        }
        if !isDoubted { entry.absentSince = nil }
        if !entry.isFailing {
            entry.isFailing = true
            health.failing += 1
        }
        health.failed(problem, isKnown: true, isDoubted: isDoubted)
        if case .failed? = answers[name] { entry.expires = now + NameLimits.failurePause }
        serveOn(name, &entry, now: now)
    }

    /// The answer serves until the next attempt, at most for `max_stale`.
    mutating func serveOn(_ name: String, _ entry: inout Entry, now: NIODeadline) {
        let next = now + NameLimits.retryPause
        schedule(name, &entry, at: maxStale.map { min(next, entry.expires + $0) } ?? next)
    }

    // MARK: Time

    /// The next time at which `due` has work.
    var nextDeadline: NIODeadline? {
        var next = deadlines.min?.time
        for other in [revivals.first?.time, queue.nextDeadline] {
            if let other { next = min(next ?? other, other) }
        }
        return next
    }

    /// Handles the deadlines that have passed.
    mutating func due(now: NIODeadline) {
        for name in queue.due(now: now) {
            failures &+= 1
            take(.failed(NameProblem(.timeout, "\(label): no result in time")), for: name, now: now)
        }
        while let next = revivals.first, next.time <= now {
            revivals.removeFirst()
            if retired[next.name]?.serial == next.serial, queue.isAwaited(next.name) {
                revive(next.name, now: now)
            }
        }
        while let deadline = deadlines.min, deadline.time <= now {
            deadlines.removeMin()
            guard var entry = entries[deadline.name], entry.generation == deadline.generation else {
                continue
            }
            reconsider(deadline.name, &entry, now: now)
        }
    }

    /// An answer is to be refreshed, or has expired.
    private mutating func reconsider(_ name: String, _ entry: inout Entry, now: NIODeadline) {
        let isUsed = answers[name]?.use.take() ?? false
        if isUsed { entry.isKnown = true }
        let serves = entry.isKnown && mayServe(entry.expires, now: now)
        if serves, isUsed, !queue.isAwaited(name) { _ = queue.start(name, .refresh, now: now) }
        if serves, queue.isAwaited(name) {
            // The result sets the next deadline.
            let next = max(entry.expires, now) + NameLimits.patience
            schedule(name, &entry, at: maxStale.map { min(next, entry.expires + $0) } ?? next)
        } else if now < entry.expires {
            schedule(name, &entry, at: entry.expires)
        } else {
            retire(name)
        }
    }

    /// Whether an answer that has expired may still serve while the source fails.
    func mayServe(_ expired: NIODeadline, now: NIODeadline) -> Bool {
        guard let maxStale else { return true }
        return now < expired + maxStale
    }

    static func life(_ ttl: Duration) -> TimeAmount {
        min(max(TimeAmount(ttl), NameLimits.minLife), NameLimits.maxLife)
    }
}
