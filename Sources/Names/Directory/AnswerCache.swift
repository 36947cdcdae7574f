import DequeModule
import HashTreeCollections
import HeapModule
import NIOCore

/// The answers of one query source: their lifetimes, which are queried again before they expire, and which are
/// evicted when there are too many.
///
/// A pure machine: time is an argument, queries come out, results go in.
struct AnswerCache {
    private struct Entry {
        /// Distinguishes the entry's deadlines from those of earlier entries of the name.
        var generation: UInt64
        /// Distinguishes its position in the queue from those of earlier entries.
        let born: UInt64
        let isPositive: Bool
        var expires: NIODeadline
        /// When its addresses last changed.
        var changed: NIODeadline
    }

    private struct Retired {
        let addresses: [NamedAddress]
        let expired: NIODeadline
        let serial: UInt64
    }

    private struct Deadline: Comparable {
        let time: NIODeadline
        let name: String
        let generation: UInt64

        static func < (left: Self, right: Self) -> Bool { left.time < right.time }
        static func == (left: Self, right: Self) -> Bool { left.time == right.time }
    }

    /// The answers that lookups use.
    private(set) var answers = TreeDictionary<String, CachedAnswer>()
    /// Names whose answers have changed; cleared by the owner.
    var changed: Set<String> = []

    private var entries: [String: Entry] = [:]
    private var deadlines = Heap<Deadline>()
    /// In the order of their arrival; some are removed already.
    private var positives = Deque<(name: String, born: UInt64)>()
    private var negatives = Deque<(name: String, born: UInt64)>()
    /// Answers that expired while they were not in use: they serve again when the source fails (RFC 8767).
    private var retired: [String: Retired] = [:]
    private var retiredOrder = Deque<(name: String, serial: UInt64)>()
    private var retiredAddresses = 0
    private var positiveCount = 0
    private var addressCount = 0
    private var pending: Set<String> = []
    private var generation: UInt64 = 0
    /// How long an answer serves after it has expired while the source fails; nil: without limit.
    private let maxStale: TimeAmount?
    private let bounds: (positives: Int, negatives: Int, addresses: Int)

    init(
        maxStale: TimeAmount?,
        positives: Int = NameLimits.positives,
        negatives: Int = NameLimits.negatives,
        addresses: Int = NameLimits.addressesOfSource
    ) {
        self.maxStale = maxStale
        self.bounds = (positives, negatives, addresses)
    }

    var positiveAnswers: Int { positiveCount }
    var negativeAnswers: Int { entries.count - positiveCount }
    var addresses: Int { addressCount }
    var pendingQueries: Int { pending.count }

    /// The age and the remaining life of an answer; nil where there is none.
    func lifetime(of name: String, now: NIODeadline) -> AnswerLifetime? {
        entries[name].map { entry in
            AnswerLifetime(
                age: Duration(max(.zero, now - entry.changed)),
                left: Duration(max(.zero, entry.expires - now))
            )
        }
    }

    enum QueryStart {
        /// The query is to be sent.
        case started
        /// It has been sent already.
        case pending
        /// Too many queries are pending.
        case overloaded
    }

    mutating func startQuery(_ name: String) -> QueryStart {
        if pending.contains(name) { return .pending }
        guard pending.count < NameLimits.queries else { return .overloaded }
        pending.insert(name)
        return .started
    }

    /// The result of a query.
    mutating func receive(_ result: NameQueryResult, for name: String, now: NIODeadline) {
        pending.remove(name)
        let old = forgetRetired(name)
        switch result {
        case .addresses(let addresses, let ttl) where !addresses.isEmpty:
            keep(
                Array(addresses.prefix(NameLimits.addressesOfName)),
                for: name,
                life: Self.life(ttl),
                now: now
            )
        case .addresses:
            put(name, .none, life: NameLimits.failurePause, now: now)
        case .none(let ttl):
            put(name, .none, life: Self.life(ttl), now: now)
        case .failed(let problem):
            if let old, mayServe(old.expired, now: now) { revive(name, old, now: now) }
            if var entry = entries[name], entry.isPositive, mayServe(entry.expires, now: now) {
                let next = now + NameLimits.retryPause
                schedule(name, &entry, at: maxStale.map { min(next, entry.expires + $0) } ?? next)
            } else {
                put(name, .failed(problem), life: NameLimits.failurePause, now: now)
            }
        }
    }

    /// The next time at which `due` has work.
    var nextDeadline: NIODeadline? { deadlines.min?.time }

    /// Handles the deadlines that have passed.
    ///
    /// - Returns: the names to query again.
    mutating func due(now: NIODeadline) -> [String] {
        var queries: [String] = []
        while let deadline = deadlines.min, deadline.time <= now {
            deadlines.removeMin()
            let name = deadline.name
            guard var entry = entries[name], entry.generation == deadline.generation else { continue }
            guard entry.isPositive, case .addresses(let addresses, let use) = answers[name] else {
                remove(name)
                continue
            }
            if !mayServe(entry.expires, now: now) {
                remove(name)
            } else if use.take(), startQuery(name) == .started {
                // The result sets the next deadline; without a result the answer expires.
                schedule(name, &entry, at: max(entry.expires, now) + NameLimits.patience)
                queries.append(name)
            } else if now >= entry.expires {
                remove(name)
                retire(name, addresses, expired: entry.expires)
            } else {
                schedule(name, &entry, at: entry.expires)
            }
        }
        return queries
    }

    /// Whether an answer that has expired may still serve while the source fails.
    private func mayServe(_ expired: NIODeadline, now: NIODeadline) -> Bool {
        guard let maxStale else { return true }
        return now < expired + maxStale
    }

    // MARK: Expired answers

    private mutating func retire(_ name: String, _ addresses: [NamedAddress], expired: NIODeadline) {
        forgetRetired(name)
        generation &+= 1
        retired[name] = Retired(addresses: addresses, expired: expired, serial: generation)
        retiredOrder.append((name, generation))
        retiredAddresses += addresses.count
        while retired.count > bounds.positives || retiredAddresses > bounds.addresses,
            let oldest = retiredOrder.popFirst()
        {
            if retired[oldest.name]?.serial == oldest.serial { forgetRetired(oldest.name) }
        }
        if retiredOrder.count > 2 * bounds.positives + 16 {
            retiredOrder.removeAll { retired[$0.name]?.serial != $0.serial }
        }
    }

    @discardableResult
    private mutating func forgetRetired(_ name: String) -> Retired? {
        guard let old = retired.removeValue(forKey: name) else { return nil }
        retiredAddresses -= old.addresses.count
        return old
    }

    private mutating func revive(_ name: String, _ old: Retired, now: NIODeadline) {
        guard entries[name]?.isPositive != true else { return }
        put(name, .addresses(old.addresses, UsageMark()), life: NameLimits.retryPause, now: now)
        guard var entry = entries[name] else { return }
        entry.expires = old.expired
        entries[name] = entry
    }

    private mutating func keep(
        _ addresses: [NamedAddress],
        for name: String,
        life: TimeAmount,
        now: NIODeadline
    ) {
        let refresh = now + .nanoseconds(life.nanoseconds / 10 * NameLimits.refreshTenths)
        // More addresses than before need space, as a new answer does.
        if var entry = entries[name], case .addresses(let known, _) = answers[name],
            addresses.count <= known.count
        {
            entry.expires = now + life
            if known != addresses {
                entry.changed = now
                addressCount -= known.count - addresses.count
                answers[name] = .addresses(addresses, UsageMark())
                changed.insert(name)
            }
            schedule(name, &entry, at: refresh)
            return
        }
        put(name, .addresses(addresses, UsageMark()), life: life, now: now)
        if var entry = entries[name] { schedule(name, &entry, at: refresh) }
    }

    private mutating func put(_ name: String, _ answer: CachedAnswer, life: TimeAmount, now: NIODeadline) {
        remove(name)
        var isPositive = false
        if case .addresses(let addresses, _) = answer {
            isPositive = true
            evict(forAddresses: addresses.count)
            addressCount += addresses.count
        } else {
            evictNegative()
        }
        generation &+= 1
        var entry = Entry(
            generation: generation,
            born: generation,
            isPositive: isPositive,
            expires: now + life,
            changed: now
        )
        if isPositive {
            positives.append((name, generation))
            positiveCount += 1
        } else {
            negatives.append((name, generation))
        }
        answers[name] = answer
        changed.insert(name)
        schedule(name, &entry, at: entry.expires)
    }

    /// Sets the entry's deadline, and stores it.
    private mutating func schedule(_ name: String, _ entry: inout Entry, at time: NIODeadline) {
        generation &+= 1
        entry.generation = generation
        entries[name] = entry
        deadlines.insert(Deadline(time: time, name: name, generation: generation))
        // Obsolete deadlines are removed when they pass; a flood must not wait for that.
        if deadlines.count > 4 * (entries.count + 1024) {
            deadlines = Heap(deadlines.unordered.filter { entries[$0.name]?.generation == $0.generation })
        }
    }

    private mutating func remove(_ name: String) {
        guard let entry = entries.removeValue(forKey: name) else { return }
        if entry.isPositive { positiveCount -= 1 }
        if case .addresses(let addresses, _) = answers[name] { addressCount -= addresses.count }
        answers.removeValue(forKey: name)
        changed.insert(name)
    }

    /// Evicts the oldest answers that are not in use, where there are too many.
    private mutating func evict(forAddresses addresses: Int) {
        var steps = 0
        while positiveCount >= bounds.positives || addressCount + addresses > bounds.addresses,
            let oldest = positives.popFirst()
        {
            guard entries[oldest.name]?.born == oldest.born else { continue }
            steps += 1
            if steps < NameLimits.evictionSteps, case .addresses(_, let use) = answers[oldest.name],
                use.take()
            {
                // In use: a second chance.
                positives.append(oldest)
            } else {
                remove(oldest.name)
            }
        }
        if positives.count > 2 * bounds.positives + 16 {
            positives.removeAll { entries[$0.name]?.born != $0.born }
        }
    }

    private mutating func evictNegative() {
        while negativeAnswers >= bounds.negatives, let oldest = negatives.popFirst() {
            if entries[oldest.name]?.born == oldest.born { remove(oldest.name) }
        }
        if negatives.count > 2 * bounds.negatives + 16 {
            negatives.removeAll { entries[$0.name]?.born != $0.born }
        }
    }

    private static func life(_ ttl: Duration) -> TimeAmount {
        min(max(TimeAmount(ttl), NameLimits.minLife), NameLimits.maxLife)
    }
}
