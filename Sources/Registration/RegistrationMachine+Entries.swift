import Names
import RegistryClient
import Routing

// The entries: which are wanted, which exist, and who else holds one.
extension RegistrationMachine {
    var presentCount: Int {
        entries.values.count { if case .present = $0 { true } else { false } }
    }

    var hasContested: Bool {
        entries.values.contains { if case .contested = $0 { true } else { false } }
    }

    mutating func want(_ all: Set<String>, _ actions: inout [Action]) {
        var names = all
        if names.count > Limit.entries {
            names = Set(names.sorted().prefix(Limit.entries))
            if !hasReportedExcess { actions.append(.emit(.tooMany(all.count))) }
        }
        hasReportedExcess = all.count > Limit.entries
        for (name, entry) in entries where !names.contains(name) {
            entries[name] = nil
            switch entry {
            // A missing entry may exist: its claim may be on its way.
            case .missing, .present: toRemove.insert(name)
            case .contested, .held: break
            }
        }
        for name in names where entries[name] == nil {
            toRemove.remove(name)
            entries[name] = .missing(replacing: nil)
        }
    }

    /// The next entries to be put or checked.
    func claims(_ now: Duration) -> [Claim] {
        let health = health
        let due = entries.compactMap { name, entry -> Claim? in
            switch entry {
            case .missing(let replacing): Claim(name: name, replacing: replacing, health: health[name])
            case .present(isDue: true): Claim(name: name, health: health[name])
            case .held(_, let until) where until <= now: Claim(name: name, health: health[name])
            case .present, .held, .contested: nil
            }
        }
        return Array(due.sorted { $0.name < $1.name }.prefix(Limit.batch))
    }

    /// Entries to be put again, as their health has changed.
    func updates(_ now: Duration) -> [Claim] {
        let (health, entries) = (health, entries)
        return health.due(now, limit: Limit.batch) { Self.isPresent(entries[$0]) }
            .map { Claim(name: $0, health: health[$0], isUpdate: true) }
    }

    /// Whether a changed health waits for its time.
    var hasUpdates: Bool {
        let entries = entries
        return health.waits { Self.isPresent(entries[$0]) }
    }

    private static func isPresent(_ entry: Entry?) -> Bool {
        if case .present? = entry { true } else { false }
    }

    mutating func claimed(_ results: [String: ClaimResult], _ now: Duration, _ actions: inout [Action]) {
        for (name, result) in results {
            guard let entry = entries[name] else {
                // No longer wanted since the request was sent.
                if result == .done { toRemove.insert(name) }
                continue
            }
            switch result {
            case .done: present(name)
            case .absent: entries[name] = .missing(replacing: nil)
            case .held(let owner): ownerFound(owner, of: name, entry, now, &actions)
            }
        }
    }

    private mutating func present(_ name: String) {
        if case .present = entries[name] {} else { hasChanged = true }
        entries[name] = .present(isDue: false)
    }

    private mutating func ownerFound(
        _ owner: EntryOwner,
        of name: String,
        _ entry: Entry,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        var reported = false
        if case .held(let known, _) = entry { reported = known == owner }
        if owner.lease == 0 {
            // Set by hand: it stays.
            refuse(name, owner, reported: reported, now, &actions)
        } else if owner.instance == settings.instance {
            if owner.lease == lease {
                health.wrote(owner.addresses.first?.health, to: name)
                return present(name)
            }
            // Ours, under an earlier lease.
            entries[name] = .missing(replacing: owner.revision)
        } else if owner.isAt(settings.address), settings.takesOver, !hasRegistered {
            entries[name] = .missing(replacing: owner.revision)
        } else if owner.isAt(settings.address) {
            // Most likely this tier before a crash. If nobody renews the lease, the entry is replaced without having
            // been away.
            entries[name] = .contested(owner, reported: reported)
            if inspections[owner.lease] == nil { inspections[owner.lease] = Inspection(next: now) }
        } else {
            refuse(name, owner, reported: reported, now, &actions)
        }
    }

    private mutating func refuse(
        _ name: String,
        _ owner: EntryOwner,
        reported: Bool,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        if !reported { actions.append(.emit(.held(name, owner))) }
        entries[name] = .held(owner, until: now + settings.heldRetry)
    }

    // MARK: Leases of others

    /// Decides whether a lease under which others have our address is left over or belongs to a running tier.
    mutating func evaluateLease(
        _ lease: Int64,
        remaining: Int64,
        granted: Int64,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        let contested = entries.compactMap { name, entry -> (String, EntryOwner, Bool)? in
            guard case .contested(let owner, let reported) = entry, owner.lease == lease else { return nil }
            return (name, owner, reported)
        }
        guard let last = inspections.removeValue(forKey: lease), !contested.isEmpty else { return }
        // A running tier renews its lease when two thirds are left.
        if remaining <= 0 || remaining <= granted / 3 {
            for (name, owner, _) in contested { entries[name] = .missing(replacing: owner.revision) }
            return
        }
        // Seconds are too coarse to see the renewals of a short lease: it has also been renewed if it outlives itself.
        let isRenewed = last.remaining.map { remaining > $0 } ?? false || last.ends.map { now >= $0 } ?? false
        if isRenewed {
            for (name, owner, reported) in contested {
                refuse(name, owner, reported: reported, now, &actions)
            }
            return
        }
        inspections[lease] = Inspection(
            remaining: remaining,
            ends: last.ends ?? now + .seconds(min(remaining, 1 << 31) + 1),
            next: now + settings.inspectInterval
        )
    }
}
