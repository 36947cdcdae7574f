import DequeModule
import HashTreeCollections
import HeapModule
import NIOCore

/// Which answers are kept.
extension AnswerCache {
    mutating func keep(_ addresses: [NamedAddress], for name: String, life: TimeAmount, now: NIODeadline) {
        let refresh = now + .nanoseconds(life.nanoseconds / 10 * NameLimits.refreshTenths)
        // More addresses than before need space, as a new answer does.
        if var entry = entries[name], case .addresses(let known, _) = answers[name],
            addresses.count <= known.count
        {
            entry.expires = now + life
            entry.absentSince = nil
            if entry.isFailing {
                entry.isFailing = false
                health.failing -= 1
            }
            if known != addresses {
                entry.changed = now
                self.addresses -= known.count - addresses.count
                answers[name] = .addresses(addresses, UsageMark())
                changed.insert(name)
            }
            schedule(name, &entry, at: refresh)
            return
        }
        put(name, .addresses(addresses, UsageMark()), life: life, now: now)
        if var entry = entries[name] { schedule(name, &entry, at: refresh) }
    }

    mutating func put(_ name: String, _ answer: CachedAnswer, life: TimeAmount, now: NIODeadline) {
        let old = entries[name]
        remove(name)
        var isPositive = false
        if case .addresses(let addresses, _) = answer {
            isPositive = true
            evictPositives(for: addresses.count)
            self.addresses += addresses.count
        } else {
            evictNegatives()
        }
        generation &+= 1
        var entry = Entry(
            generation: generation,
            born: generation,
            isPositive: isPositive,
            isKnown: isPositive || old.map { !$0.isPositive && $0.isKnown } ?? false,
            expires: now + life,
            changed: now
        )
        if isPositive {
            positives.append((name, generation))
            positiveAnswers += 1
        } else {
            negatives.append((name, generation))
        }
        answers[name] = answer
        changed.insert(name)
        schedule(name, &entry, at: entry.expires)
    }

    /// Sets the entry's deadline, and stores it.
    mutating func schedule(_ name: String, _ entry: inout Entry, at time: NIODeadline) {
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
        if entry.isPositive { positiveAnswers -= 1 }
        if entry.isFailing { health.failing -= 1 }
        if case .addresses(let addresses, _) = answers[name] { self.addresses -= addresses.count }
        answers.removeValue(forKey: name)
        changed.insert(name)
    }

    // MARK: Expired answers

    /// Takes an answer out of the lookups; one that was known may serve again.
    mutating func retire(_ name: String) {
        guard let entry = entries[name] else { return }
        var addresses: [NamedAddress]?
        switch answers[name] {
        case .addresses(let known, _): addresses = known
        case .some(.none): addresses = []
        case .failed, nil: break
        }
        remove(name)
        guard entry.isKnown, let addresses, maxStale != .zero else { return }
        retired.insert(
            RetiredAnswers.Answer(
                addresses: addresses,
                expired: entry.expires,
                changed: entry.changed,
                absentSince: entry.absentSince
            ),
            for: name
        )
    }

    /// A retired answer serves again, if it may.
    mutating func revive(_ name: String, now: NIODeadline) {
        guard let old = retired.remove(name), mayServe(old.expired, now: now),
            entries[name]?.isPositive != true
        else { return }
        let answer: CachedAnswer =
            old.addresses.isEmpty ? .none(UsageMark()) : .addresses(old.addresses, UsageMark())
        put(name, answer, life: NameLimits.retryPause, now: now)
        guard var entry = entries[name] else { return }
        entry.isKnown = true
        entry.expires = old.expired
        entry.changed = old.changed
        entry.absentSince = old.absentSince
        serveOn(name, &entry, now: now)
    }

    // MARK: Bounds

    /// Evicts the oldest answers that are not in use, where there are too many.
    private mutating func evictPositives(for addresses: Int) {
        var steps = 0
        while positiveAnswers >= bounds.positives || self.addresses + addresses > bounds.addresses,
            let oldest = positives.popFirst()
        {
            guard entries[oldest.name]?.born == oldest.born else { continue }
            steps += 1
            guard answers[oldest.name]?.use.take() == true else {
                remove(oldest.name)
                continue
            }
            // In use: a second chance.
            if steps < NameLimits.evictionSteps { positives.append(oldest) } else { retire(oldest.name) }
        }
        if positives.count > 2 * bounds.positives + 16 {
            positives.removeAll { entries[$0.name]?.born != $0.born }
        }
    }

    private mutating func evictNegatives() {
        var steps = 0
        while negativeAnswers >= bounds.negatives, let oldest = negatives.popFirst() {
            guard entries[oldest.name]?.born == oldest.born else { continue }
            steps += 1
            if steps < NameLimits.evictionSteps, answers[oldest.name]?.use.take() == true {
                entries[oldest.name]?.isKnown = true
                negatives.append(oldest)
            } else {
                retire(oldest.name)
            }
        }
        if negatives.count > 2 * bounds.negatives + 16 {
            negatives.removeAll { entries[$0.name]?.born != $0.born }
        }
    }
}
