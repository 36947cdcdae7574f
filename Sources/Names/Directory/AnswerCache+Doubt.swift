import NIOCore

/// Sources that cannot tell a name that is gone from a server that is down.
extension AnswerCache {
    /// A name does not exist, as the source reports. If it had an answer, the answer serves on until the judgement.
    ///
    /// - Returns: false where the report is to be believed at once.
    mutating func doubt(_ name: String, now: NIODeadline) -> Bool {
        revive(name, now: now)
        guard var entry = entries[name], entry.isPositive, mayServe(entry.expires, now: now) else {
            return false
        }
        if entry.absentSince == nil { entry.absentSince = now }
        serveOn(name, &entry, now: now)
        trial.doubt(name)
        if !trial.isOpen { beginTrial(now: now) }
        return true
    }

    private mutating func beginTrial(now: NIODeadline) {
        guard !trial.next.isEmpty else { return }
        let witnesses = witnesses(now: now)
        guard !witnesses.isEmpty else {
            for name in trial.takeNext() { judge(name, now: now) }
            return
        }
        trial.begin(witnesses: witnesses)
        for witness in witnesses { _ = queue.start(witness, .refresh, now: now) }
    }

    mutating func conclude(
        _ conclusion: (verdict: AbsenceTrial.Verdict, names: Set<String>),
        now: NIODeadline
    ) {
        for name in conclusion.names {
            switch conclusion.verdict {
            case .gone: remove(absent: name, now: now)
            case .uncertain: judge(name, now: now)
            case .down: failAbsent(name, now: now)
            }
        }
        beginTrial(now: now)
    }

    /// Without a sufficient testimony, a name is gone after a minute of equal results.
    private mutating func judge(_ name: String, now: NIODeadline) {
        guard let since = entries[name]?.absentSince else { return }
        if absence == .doubtful(witness: nil), now - since >= NameLimits.absenceProof {
            remove(absent: name, now: now)
        } else {
            failAbsent(name, now: now)
        }
    }

    private mutating func remove(absent name: String, now: NIODeadline) {
        // It may have resolved meanwhile.
        guard entries[name]?.absentSince != nil else { return }
        put(name, .none(UsageMark()), life: NameLimits.retryPause, now: now)
        health.responded()
    }

    private mutating func failAbsent(_ name: String, now: NIODeadline) {
        guard entries[name]?.absentSince != nil else { return }
        let reason: String
        if case .doubtful(let witness?) = absence {
            reason = "\(label): neither \(name) nor its witness \(witness) is found"
        } else {
            reason = "\(label): names that had an answer are not found, such as \(name)"
        }
        fail(name, NameProblem(.unavailable, reason), isDoubted: true, now: now)
    }

    /// The names to query: the configured one, or some that had an answer, those first that still have one.
    private func witnesses(now: NIODeadline) -> Set<String> {
        if case .doubtful(let witness?) = absence { return Set([witness]).subtracting(trial.next) }
        var good: [String] = []
        var rest: [String] = []
        func consider(_ name: String, isGood: Bool) {
            guard !trial.next.contains(name), !good.contains(name), !rest.contains(name), !isFixed(name)
            else {
                return
            }
            if isGood { good.append(name) } else { rest.append(name) }
        }
        for (name, born) in positives.suffix(NameLimits.evictionSteps).reversed() {
            guard let entry = entries[name], entry.born == born else { continue }
            consider(name, isGood: entry.absentSince == nil && !entry.isFailing)
            if good.count == NameLimits.witnesses { return Set(good) }
        }
        for name in retired.newest.prefix(NameLimits.evictionSteps) {
            guard let old = retired[name], !old.addresses.isEmpty, mayServe(old.expired, now: now) else {
                continue
            }
            consider(name, isGood: false)
        }
        return Set((good + rest).prefix(NameLimits.witnesses))
    }
}
