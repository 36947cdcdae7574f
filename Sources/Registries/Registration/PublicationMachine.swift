import Names
package import Routing

/// Keeps an entry in etcd for each of a set of names, all under one lease and all with one address: put only
/// where nobody else has one, taken away when the name goes, put again after the lease was lost.
///
/// Pure: events in, actions out; one exchange at a time, with at most `Limit.batch` names; `now` is the time
/// since any fixed moment, `random` any 64 bits. Events of an exchange that is over are ignored.
package struct PublicationMachine: ~Copyable, Sendable {
    package enum Limit {
        /// Names that are published; more are reported and left out.
        package static let names = 4096
        /// Names of one exchange. etcd takes 128 operations in one transaction by default.
        package static let batch = 64
    }

    package struct Settings: Sendable {
        /// Life of the lease, seconds: after a crash the names are gone within it.
        package var ttl: Int64 = 10
        package var members = 1
        package var authenticates = false
        /// Who we are: signs the entries.
        package var instance: String
        /// What the entries say.
        package var address: Endpoint
        /// The bound of one answer; at most a third of the lease's life counts.
        package var answerLimit = Duration.seconds(2)
        /// The bound of the withdrawal.
        package var withdrawLimit = Duration.seconds(2)
        /// How often a name that somebody else holds is tried again.
        package var heldRetry = Duration.seconds(2)
        /// How often it is looked whether all entries are still there: somebody may have removed one.
        package var checkEvery = Duration.seconds(30)

        package init(instance: String, address: Endpoint) {
            self.instance = instance
            self.address = address
        }
    }

    package typealias Exchange = EtcdWatchMachine.Exchange
    package typealias Owner = RegistrationMachine.Owner

    package struct Claim: Sendable, Equatable {
        package var name: String
        /// Only over the entry of this revision; nil: only where there is none.
        package var replacing: Int64?
    }

    package enum Claimed: Sendable, Equatable {
        case done
        case held(Owner)
    }

    package enum News: Sendable, Equatable {
        /// Everything is as it should be, but for names that others hold; so many entries are there.
        case published(Int)
        /// The registry can't be reached; tried again.
        case trouble(String)
        /// The lease ran out; everything is put again as soon as it can be.
        case lost(String)
        /// Somebody else has this name; tried again.
        case held(String, Owner)
        /// More names than may be; the last in their order are left out.
        case tooMany(Int)
        /// The last news: whether the entries are known to be gone.
        case ended(withdrawn: Bool)
    }

    package enum Event: Sendable {
        case started
        case timer
        /// The names from now on.
        case wanted(Set<String>)
        case authenticated(Exchange)
        case granted(Exchange, lease: Int64, ttl: Int64)
        /// A name that is not in it is tried again.
        case claimed(Exchange, [String: Claimed])
        case removed(Exchange)
        case renewed(Exchange, ttl: Int64)
        case revoked(Exchange)
        case failed(Exchange, EtcdFailure)
        case stopped
    }

    package enum Action: Sendable, Equatable {
        case authenticate(Exchange)
        case grant(Exchange, ttl: Int64)
        case claim(Exchange, lease: Int64, [Claim])
        /// Takes entries away, where they are under this lease.
        case remove(Exchange, lease: Int64, [String])
        case renew(Exchange, lease: Int64)
        case revoke(Exchange, lease: Int64)
        case cancel(Exchange)
        case wake(at: Duration)
        case tell(News)
    }

    enum Step {
        case authenticate, grant, claim, renew, revoke
        case remove([String])
    }

    enum Phase {
        case idle
        case asking(Exchange, Step, until: Duration)
        /// - afterFailure: then nothing but time ends it.
        case resting(until: Duration?, afterFailure: Bool)
        case ended
    }

    let settings: Settings
    let answerLimit: Duration
    var phase = Phase.idle
    var member = 0
    var lastExchange: UInt64 = 0
    var hasToken = false
    var backoff = Backoff()
    var lease: Int64?
    var leaseEnds: Duration = .zero
    var renewAt: Duration = .zero
    var checkAt: Duration?
    var endsAt: Duration?
    var saidTrouble = false
    var saidTooMany = false
    /// Something is different from what was told last.
    var isNews = false

    var wanted: Set<String> = []
    /// To be put, over the entry of a revision or where there is none.
    var missing: [String: Int64?] = [:]
    var there: Set<String> = []
    var held: [String: (holder: Owner, until: Duration)] = [:]
    var toRemove: Set<String> = []

    package init(_ settings: Settings) {
        self.settings = settings
        // A short lease: two waits fit into what is left of it at a renewal.
        let third = Duration.seconds(settings.ttl) / 3
        answerLimit = min(settings.answerLimit, third)
        backoff.cap = min(backoff.cap, third)
    }

    package mutating func handle(_ event: Event, now: Duration, random: UInt64) -> [Action] {
        if case .ended = phase { return [] }
        var actions: [Action] = []
        switch event {
        case .started:
            if case .idle = phase { proceed(now, &actions) }
        case .timer: expire(now, random, &actions)
        case .wanted(let names):
            want(names, &actions)
            // Otherwise what runs goes on to it when it ends.
            if case .resting(_, afterFailure: false) = phase { proceed(now, &actions) }
        case .stopped: stop(now, &actions)
        case .failed(let exchange, let failure):
            if let step = finish(exchange) { fail(step, failure, now, random, &actions) }
        case .authenticated(let exchange):
            guard finish(exchange) != nil else { break }
            hasToken = true
            proceed(now, &actions)
        case .granted(let exchange, let lease, let ttl):
            guard finish(exchange) != nil else { break }
            self.lease = lease
            renewed(ttl, now)
            proceed(now, &actions)
        case .claimed(let exchange, let results):
            guard finish(exchange) != nil else { break }
            didWell()
            take(results, now, &actions)
            proceed(now, &actions)
        case .removed(let exchange):
            guard case .remove(let names)? = finish(exchange) else { break }
            didWell()
            toRemove.subtract(names)
            isNews = true
            proceed(now, &actions)
        case .renewed(let exchange, let ttl):
            guard finish(exchange) != nil else { break }
            didWell()
            if ttl > 0 { renewed(ttl, now) } else { lose("the lease has run out", &actions) }
            proceed(now, &actions)
        case .revoked(let exchange):
            guard finish(exchange) != nil else { break }
            end(withdrawn: true, &actions)
        }
        arm(&actions)
        return actions
    }

    // MARK: Names

    private mutating func want(_ all: Set<String>, _ actions: inout [Action]) {
        var names = all
        if names.count > Limit.names {
            names = Set(names.sorted().prefix(Limit.names))
            if !saidTooMany { actions.append(.tell(.tooMany(all.count))) }
        }
        saidTooMany = all.count > Limit.names
        for name in wanted.subtracting(names) {
            // One that somebody else holds is not ours to remove. One that is on its way may be there.
            if held.removeValue(forKey: name) == nil { toRemove.insert(name) }
            missing[name] = nil
            there.remove(name)
        }
        for name in names.subtracting(wanted) {
            toRemove.remove(name)
            missing.updateValue(nil, forKey: name)
        }
        wanted = names
    }

    private mutating func take(_ results: [String: Claimed], _ now: Duration, _ actions: inout [Action]) {
        for (name, result) in results {
            guard wanted.contains(name) else {
                // Unwanted while it was on its way.
                if result == .done { toRemove.insert(name) }
                continue
            }
            switch result {
            case .done: settle(name)
            case .held(let holder):
                if holder.instance == settings.instance, holder.lease == lease {
                    settle(name)
                } else if isOurs(holder) {
                    missing.updateValue(holder.modRevision, forKey: name)
                } else {
                    if held[name]?.holder != holder { actions.append(.tell(.held(name, holder))) }
                    held[name] = (holder, now + settings.heldRetry)
                    missing[name] = nil
                    there.remove(name)
                }
            }
        }
    }

    private mutating func settle(_ name: String) {
        missing[name] = nil
        held[name] = nil
        if there.insert(name).inserted { isNews = true }
    }

    /// Left behind by an earlier life at this address, or under an earlier lease of ours. An entry without a
    /// lease was set by hand, and stays.
    private func isOurs(_ holder: Owner) -> Bool {
        guard holder.lease != 0 else { return false }
        if holder.instance == settings.instance { return true }
        return !holder.addresses.isEmpty
            && holder.addresses.allSatisfy {
                $0.address == settings.address.address && $0.port == settings.address.port
            }
    }
}
