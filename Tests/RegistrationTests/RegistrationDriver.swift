import EtcdClient
import Names
import RegistryClient
import RegistryTestSupport
import Routing

@testable import Registration

/// A registry in memory, and the machine that registers in it.
final class RegistrationDriver {
    struct Entry: Equatable {
        var instance: String?
        var address = at("10.0.0.5:9000")
        var lease: Int64
        var revision: Int64
        var health: PublishedHealth?
    }

    struct Lease {
        var ttl: Duration
        var ends: Duration
        /// Somebody else renews it at each third of its life.
        var isRenewed = false
    }

    var machine: RegistrationMachine
    var now = Duration.zero
    var random: UInt64 = 7
    var store: [String: Entry] = [:]
    var leases: [Int64: Lease] = [:]
    var pending: [(token: RequestToken, request: RegistrationMachine.Request)] = []
    var outputs: [RegistrationMachine.Output] = []
    /// All requests that the machine has sent, with their times.
    var requests: [(time: Duration, request: RegistrationMachine.Request)] = []
    var wake: Duration?
    var revision: Int64 = 1
    /// The registry sends no responses.
    var isSilent = false

    init(members: Int = 1, authenticates: Bool = false, ttl: Int64 = 10, takesOver: Bool = false) {
        let here = at("10.0.0.5:9000")
        var settings = RegistrationMachine.Settings(
            instance: "me",
            address: Endpoint(address: here.address, port: here.port ?? 0)
        )
        settings.members = members
        settings.authenticates = authenticates
        settings.ttl = ttl
        settings.takesOver = takesOver
        machine = RegistrationMachine(settings)
    }

    var names: Set<String> { Set(store.filter { $0.value.instance == "me" }.keys) }
    var held: [String] {
        outputs.compactMap { if case .held(let name, _) = $0 { name } else { nil } }
    }
    var batches: [Int] {
        requests.compactMap { if case .claim(_, let claims) = $0.request { claims.count } else { nil } }
    }

    func count(_ matches: (RegistrationMachine.Request) -> Bool) -> Int {
        requests.count { matches($0.request) }
    }

    func on(_ event: RegistrationMachine.Event) {
        for action in machine.handle(event, now: now, random: random) {
            switch action {
            case .emit(let output): outputs.append(output)
            case .wake(let moment): wake = moment
            case .cancel(let token): pending.removeAll { $0.token == token }
            case .send(let token, let request):
                pending.append((token, request))
                requests.append((now, request))
            }
        }
    }

    /// Responds until there are no more requests.
    func run() {
        while !isSilent, !pending.isEmpty { respond(pending.removeFirst()) }
    }

    /// Responds to one request.
    func respondOnce() { respond(pending.removeFirst()) }

    func start(_ names: Set<String>) {
        on(.started)
        run()
        want(names)
    }

    func want(_ names: Set<String>, health: [String: PublishedHealth] = [:]) {
        on(.wanted(names, health: health))
        run()
    }

    /// What entries of ours state.
    var healths: [String: PublishedHealth] { store.compactMapValues(\.health) }

    /// Fails the pending request.
    func fail(_ failure: EtcdFailure) {
        guard let token = pending.popLast()?.token else { return }
        on(.failed(token, failure))
    }

    /// To the next timer.
    func sleep() {
        now = max(now, wake ?? now)
        wake = nil
        expireLeases()
        on(.timer)
        run()
    }

    func sleep(_ time: Duration) {
        let end = now + time
        while let next = wake, next <= end { sleep() }
        now = end
        expireLeases()
    }

    func endLease(_ lease: Int64) {
        leases[lease] = nil
        store = store.filter { $0.value.lease != lease }
    }

    /// Entries of somebody else under a lease.
    func put(_ names: Set<String>, _ entry: Entry, ttl: Duration = .seconds(10), renewed: Bool = false) {
        for name in names { store[name] = entry }
        if entry.lease != 0 {
            leases[entry.lease] = Lease(ttl: ttl, ends: now + ttl - .milliseconds(100), isRenewed: renewed)
        }
    }

    private func expireLeases() {
        for (id, lease) in leases {
            if lease.isRenewed {
                while (leases[id]?.ends ?? now) - now <= lease.ttl * 2 / 3 {
                    leases[id]?.ends += lease.ttl / 3
                }
            } else if lease.ends <= now {
                endLease(id)
            }
        }
    }

    private func respond(_ pending: (token: RequestToken, request: RegistrationMachine.Request)) {
        let token = pending.token
        switch pending.request {
        case .authenticate: on(.authenticated(token))
        case .grant(let ttl):
            let lease = (leases.keys.max() ?? 0) + 100
            leases[lease] = Lease(ttl: .seconds(ttl), ends: now + .seconds(ttl))
            on(.granted(token, lease: lease, ttl: ttl))
        case .claim(let lease, let claims):
            guard leases[lease] != nil else { return on(.failed(token, .leaseGone)) }
            var results: [String: RegistrationMachine.ClaimResult] = [:]
            for claim in claims { results[claim.name] = put(claim, lease) }
            on(.claimed(token, results))
        case .remove(let lease, let names):
            for name in names where store[name]?.lease == lease { store[name] = nil }
            on(.removed(token))
        case .inspect(let lease):
            guard let found = leases[lease] else {
                return on(.inspected(token, remaining: -1, granted: 0))
            }
            let (remaining, granted) = (found.ends - now, found.ttl)
            on(
                .inspected(
                    token,
                    remaining: remaining.components.seconds,
                    granted: granted.components.seconds
                )
            )
        case .renew(let lease):
            guard let found = leases[lease] else { return on(.renewed(token, ttl: 0)) }
            leases[lease]?.ends = now + found.ttl
            on(.renewed(token, ttl: found.ttl.components.seconds))
        case .revoke(let lease):
            endLease(lease)
            on(.revoked(token))
        }
    }

    private func put(_ claim: RegistrationMachine.Claim, _ lease: Int64) -> RegistrationMachine.ClaimResult {
        let present = store[claim.name]
        let isFree =
            claim.isUpdate ? present?.lease == lease : present?.revision == claim.replacing
        guard isFree else {
            guard let present else { return .absent }
            return .held(
                EntryOwner(
                    instance: present.instance,
                    addresses: [
                        at("\(present.address.address):\(present.address.port ?? 0)") {
                            $0.health = present.health
                        }
                    ],
                    lease: present.lease,
                    revision: present.revision
                )
            )
        }
        revision += 1
        store[claim.name] = Entry(
            instance: "me",
            lease: lease,
            revision: revision,
            health: claim.health
        )
        return .done
    }
}
