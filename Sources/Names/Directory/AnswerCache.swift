import DequeModule
import HashTreeCollections
import HeapModule
import NIOCore

/// The answers of one query source: how long they are good, which are asked for again before
/// they expire, and which are given up when there are too many.
///
/// A pure machine: time is an argument, questions come out, replies go in.
struct AnswerCache {
    private struct Entry {
        /// Tells this entry's deadlines from those of earlier ones of the name.
        var generation: UInt64
        /// Tells its place in the queue from those of earlier ones.
        let born: UInt64
        let isPositive: Bool
        var expires: NIODeadline
        /// When it became what it is.
        var learnt: NIODeadline
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

    /// What lookups see.
    private(set) var answers = TreeDictionary<String, CachedAnswer>()
    /// Names whose answers have changed, until somebody takes them.
    var changed: Set<String> = []

    private var entries: [String: Entry] = [:]
    private var deadlines = Heap<Deadline>()
    /// In the order in which they came; some are gone already.
    private var positives = Deque<(name: String, born: UInt64)>()
    private var negatives = Deque<(name: String, born: UInt64)>()
    /// Answers whose time was over while nobody used them: they serve again when the source can't say
    /// anything newer (RFC 8767).
    private var retired: [String: Retired] = [:]
    private var retiredOrder = Deque<(name: String, serial: UInt64)>()
    private var retiredAddresses = 0
    private var positiveCount = 0
    private var addressCount = 0
    private var asked: Set<String> = []
    private var generation: UInt64 = 0
    /// How long an answer serves after its time while the source can't be asked.
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
    var questions: Int { asked.count }

    /// How old an answer is, and how long it is good; nil where there is none.
    func life(of name: String, now: NIODeadline) -> AnswerLifetime? {
        entries[name].map { entry in
            AnswerLifetime(
                age: Duration(max(.zero, now - entry.learnt)),
                left: Duration(max(.zero, entry.expires - now))
            )
        }
    }

    /// Whether the source must be asked for `name` now; false when it has been already.
    /// Nil: too many questions are open.
    mutating func wants(_ name: String) -> Bool? {
        if asked.contains(name) { return false }
        guard asked.count < NameLimits.questions else { return nil }
        asked.insert(name)
        return true
    }

    /// Takes the source's reply to a question.
    mutating func take(_ reply: NameQueryResult, for name: String, now: NIODeadline) {
        asked.remove(name)
        let old = forgetRetired(name)
        switch reply {
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
                wake(name, &entry, at: maxStale.map { min(next, entry.expires + $0) } ?? next)
            } else {
                put(name, .failed(problem), life: NameLimits.failurePause, now: now)
            }
        }
    }

    /// When `due` has something to do next.
    var nextDeadline: NIODeadline? { deadlines.min?.time }

    /// What has come to its time: names to ask for again.
    mutating func due(now: NIODeadline) -> [String] {
        var questions: [String] = []
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
            } else if use.take(), wants(name) == true {
                // The reply sets the next one; without any the answer ends at last.
                wake(name, &entry, at: max(entry.expires, now) + NameLimits.patience)
                questions.append(name)
            } else if now >= entry.expires {
                remove(name)
                retire(name, addresses, expired: entry.expires)
            } else {
                wake(name, &entry, at: entry.expires)
            }
        }
        return questions
    }

    /// An answer that has expired serves on while the source can't be asked, for a time.
    private func mayServe(_ expired: NIODeadline, now: NIODeadline) -> Bool {
        guard let maxStale else { return true }
        return now < expired + maxStale
    }

    // MARK: Answers nobody uses

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
        // More addresses than before have to find room as a new answer does.
        if var entry = entries[name], case .addresses(let known, _) = answers[name],
            addresses.count <= known.count
        {
            entry.expires = now + life
            if known != addresses {
                entry.learnt = now
                addressCount -= known.count - addresses.count
                answers[name] = .addresses(addresses, UsageMark())
                changed.insert(name)
            }
            wake(name, &entry, at: refresh)
            return
        }
        put(name, .addresses(addresses, UsageMark()), life: life, now: now)
        if var entry = entries[name] { wake(name, &entry, at: refresh) }
    }

    private mutating func put(_ name: String, _ answer: CachedAnswer, life: TimeAmount, now: NIODeadline) {
        remove(name)
        var isPositive = false
        if case .addresses(let addresses, _) = answer {
            isPositive = true
            makeRoom(addresses: addresses.count)
            addressCount += addresses.count
        } else {
            makeRoomForNegative()
        }
        generation &+= 1
        var entry = Entry(
            generation: generation,
            born: generation,
            isPositive: isPositive,
            expires: now + life,
            learnt: now
        )
        if isPositive {
            positives.append((name, generation))
            positiveCount += 1
        } else {
            negatives.append((name, generation))
        }
        answers[name] = answer
        changed.insert(name)
        wake(name, &entry, at: entry.expires)
    }

    /// Sets the time at which `due` looks at the entry, and stores it.
    private mutating func wake(_ name: String, _ entry: inout Entry, at time: NIODeadline) {
        generation &+= 1
        entry.generation = generation
        entries[name] = entry
        deadlines.insert(Deadline(time: time, name: name, generation: generation))
        // Deadlines that count no more leave when their time comes; a flood must not wait for that.
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

    /// Gives up what came first and is not in use, where there are too many.
    private mutating func makeRoom(addresses: Int) {
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

    private mutating func makeRoomForNegative() {
        while negativeAnswers >= bounds.negatives, let oldest = negatives.popFirst() {
            if entries[oldest.name]?.born == oldest.born { remove(oldest.name) }
        }
        if negatives.count > 2 * bounds.negatives + 16 {
            negatives.removeAll { entries[$0.name]?.born != $0.born }
        }
    }

    private static func life(_ ttl: Duration) -> TimeAmount {
        min(max(TimeAmount(ttl), NameLimits.leastLife), NameLimits.mostLife)
    }
}
