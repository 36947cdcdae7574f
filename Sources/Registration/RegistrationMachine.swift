package import EtcdClient
package import Names
package import RegistryClient
package import Routing

/// Keeps a set of entries in etcd under one lease, all with the address of this tier: puts an entry only where
/// nobody else has one, removes it when it is no longer wanted, puts all again after the lease was lost, and
/// revokes the lease at the end.
///
/// Pure: events in, actions out; one request at a time, with at most `Limit.batch` entries.
package struct RegistrationMachine: RegistryMachine, ~Copyable {
    package typealias Action = MachineAction<Request, Output>

    package enum Limit {
        /// The maximum number of entries; more are reported and left out.
        package static let entries = 4096
        /// Entries of one request: etcd accepts 128 operations in one transaction by default.
        package static let batch = 64
        /// From one request with changed healths to the next, each with at most `batch`: 128 a second.
        package static let healthInterval = Duration.milliseconds(500)
    }

    package struct Settings: Sendable {
        /// The life of the lease, seconds: after a crash the entries end within it.
        package var ttl: Int64 = 10
        package var members = 1
        package var authenticates = false
        /// The identity of this tier, written into each entry.
        package var instance: String
        /// The address in each entry.
        package var address: Endpoint
        /// The time limit of one response; at most a third of the lease's life.
        package var responseLimit = Duration.seconds(2)
        /// The time limit of the withdrawal.
        package var withdrawLimit = Duration.seconds(2)
        /// The interval of attempts to put an entry that somebody else holds.
        package var heldRetry = Duration.seconds(2)
        /// The interval of inspections of a lease that may be left over from a crash of this tier.
        package var inspectInterval = Duration.milliseconds(500)
        /// The interval of checks that all entries still exist: somebody may have removed one.
        package var checkInterval = Duration.seconds(30)
        /// At the start, entries with the address of this tier are replaced although their owner runs: it drains, or
        /// will. Its lease no longer counts for them.
        package var takesOver = false

        package init(instance: String, address: Endpoint) {
            self.instance = instance
            self.address = address
        }
    }

    package struct Claim: Sendable, Equatable {
        package var name: String
        /// Puts the entry in place of that of this revision; nil: only where there is none.
        package var replacing: Int64?
        /// Written with the entry.
        package var health: PublishedHealth?
        /// Puts the entry in place of that of this tier.
        package var isUpdate = false
    }

    package enum ClaimResult: Sendable, Equatable {
        case done
        case held(EntryOwner)
        /// There is no entry; the one to be replaced was removed meanwhile.
        case absent
    }

    package enum Output: Sendable, Equatable {
        /// All entries are in order, except those that others hold; so many exist.
        case registered(Int)
        /// A request failed; it is retried.
        case failing(String)
        /// The lease ran out; all entries are put again as soon as possible.
        case lost(String)
        /// Somebody else holds this entry; it is retried.
        case held(String, EntryOwner)
        /// More entries than the maximum; the last ones in their order are left out.
        case tooMany(Int)
        /// The last output: whether the entries are known to be removed.
        case ended(withdrawn: Bool)
    }

    package enum Request: Sendable, Equatable {
        case authenticate
        case grant(ttl: Int64)
        case claim(lease: Int64, [Claim])
        /// Removes entries, where they are under this lease.
        case remove(lease: Int64, [String])
        case inspect(lease: Int64)
        case renew(lease: Int64)
        case revoke(lease: Int64)
    }

    package enum Event: RegistryMachineEvent {
        case started
        case timer
        /// The names of the entries from now on, and the health of those that have one.
        case wanted(Set<String>, health: [String: PublishedHealth] = [:])
        case authenticated(RequestToken)
        case granted(RequestToken, lease: Int64, ttl: Int64)
        /// A name without a result is tried again.
        case claimed(RequestToken, [String: ClaimResult])
        case removed(RequestToken)
        /// Seconds; 0 or less: there is no such lease.
        case inspected(RequestToken, remaining: Int64, granted: Int64)
        case renewed(RequestToken, ttl: Int64)
        case revoked(RequestToken)
        case failed(RequestToken, EtcdFailure)
        case stopped
    }

    enum Phase {
        case idle
        case waiting(RequestToken, Request, until: Duration)
        /// - afterFailure: only the time ends it.
        case resting(until: Duration?, afterFailure: Bool)
        case ended
    }

    enum Entry: Equatable {
        case missing(replacing: Int64?)
        /// - isDue: to be checked.
        case present(isDue: Bool)
        /// The owner has our address under another lease: a tier that crashed, or one that runs. `reported`: it
        /// was last reported as held.
        case contested(EntryOwner, reported: Bool)
        case held(EntryOwner, until: Duration)
    }

    /// What is known of a lease under which others have our address.
    struct Inspection {
        /// Seconds at the last inspection; nil: none so far.
        var remaining: Int64?
        /// When the lease has run out, unless somebody renews it.
        var ends: Duration?
        var next: Duration
    }

    let settings: Settings
    let responseLimit: Duration
    var phase = Phase.idle
    var member = 0
    var tokens = RequestTokens()
    var hasToken = false
    /// No request has succeeded with the token yet: if it is refused now, its age is not the reason.
    var tokenIsFresh = false
    var backoff = Backoff()
    var lease: Int64?
    var leaseEnds: Duration = .zero
    var renewAt: Duration = .zero
    var checkAt: Duration?
    var endsAt: Duration?
    var hasReportedFailure = false
    var hasReportedExcess = false
    /// The number of entries may differ from the one that was reported last.
    var hasChanged = false
    /// Entries have been registered: from here on a tier takes nothing over from one that started later.
    var hasRegistered = false
    /// The wanted entries.
    var entries: [String: Entry] = [:]
    var toRemove: Set<String> = []
    var health = EntryHealths()
    /// By the lease.
    var inspections: [Int64: Inspection] = [:]

    package init(_ settings: Settings) {
        self.settings = settings
        // A short lease: two waits fit into the rest of its life at a renewal, and into the life that a registry
        // that has recovered gives it.
        let third = Duration.seconds(settings.ttl) / 3
        responseLimit = min(settings.responseLimit, third)
        backoff.maximum = min(backoff.maximum, third)
    }

    package mutating func handle(_ event: Event, now: Duration, random: UInt64) -> [Action] {
        if case .ended = phase { return [] }
        var actions: [Action] = []
        switch event {
        case .started:
            if case .idle = phase { proceed(now, &actions) }
        case .timer: expire(now, random, &actions)
        case .wanted(let names, let health):
            want(names, &actions)
            self.health.want(health, among: entries.keys)
            // Otherwise the end of what runs proceeds to it.
            if case .resting(_, afterFailure: false) = phase { proceed(now, &actions) }
        case .stopped: stop(now, &actions)
        case .failed(let token, let failure):
            guard finish(token) != nil else { break }
            fail(failure, now, random, &actions)
        case .authenticated(let token):
            guard finish(token) != nil else { break }
            (hasToken, tokenIsFresh) = (true, true)
            proceed(now, &actions)
        case .granted(let token, let lease, let ttl):
            guard finish(token) != nil else { break }
            tokenIsFresh = false
            self.lease = lease
            leaseRenewed(ttl, now)
            proceed(now, &actions)
        case .claimed(let token, let results):
            guard case .claim(_, let claims)? = finish(token) else { break }
            succeeded()
            for claim in claims where results[claim.name] == .done {
                health.wrote(claim.health, to: claim.name)
            }
            claimed(results, now, &actions)
            proceed(now, &actions)
        case .removed(let token):
            guard case .remove(_, let names)? = finish(token) else { break }
            succeeded()
            toRemove.subtract(names)
            hasChanged = true
            proceed(now, &actions)
        case .inspected(let token, let remaining, let granted):
            guard case .inspect(let lease)? = finish(token) else { break }
            succeeded()
            evaluateLease(lease, remaining: remaining, granted: granted, now, &actions)
            proceed(now, &actions)
        case .renewed(let token, let ttl):
            guard finish(token) != nil else { break }
            succeeded()
            if ttl > 0 { leaseRenewed(ttl, now) } else { leaseLost("the lease has run out", &actions) }
            proceed(now, &actions)
        case .revoked(let token):
            guard finish(token) != nil else { break }
            end(withdrawn: true, &actions)
        }
        arm(&actions)
        return actions
    }
}
