import Foundation
import NIOConcurrencyHelpers
import Names
package import Routing
import Settings

/// Entries of etcd that say of each of a set of names that this tier has it, for as long as it serves.
package final class EtcdPublication: Sendable {
    package enum News: Sendable, Equatable {
        /// All is as it should be, but for names that others hold; so many entries are there.
        case published(Int)
        /// The registry can't be reached or refuses; tried again by itself.
        case trouble(String)
        /// The lease ran out; everything is put again as soon as it can be.
        case lost(String)
        /// Somebody else has this entry; who, in words. Tried again by itself.
        case held(key: String, by: String)
        /// More names than may be published, or one that can't be; it is left out.
        case leftOut(String)
    }

    private let session: PublicationSession
    private let wanted = NIOLockedValueBox<Set<String>>([])

    /// - Parameters:
    ///   - address: members, prefix, and how a name becomes the end of its key.
    ///   - advertise: what others connect to.
    ///   - ttl: life of the lease, seconds (2 to 3600; default 10).
    ///   - instance: who we are; by default new in each process.
    ///   - tell: news in order, on any thread.
    /// - Throws: `RegistryError` when the settings can't be used.
    package init(
        _ address: PublicationAddress,
        advertise: Endpoint,
        ttl: Int = 10,
        instance: String = String(UInt64.random(in: .min ... .max), radix: 16),
        tell: @escaping @Sendable (News) -> Void
    ) throws(RegistryError) {
        try EtcdRegistration.check(ttl: ttl, instance: instance)
        let client = try EtcdClient(address.cluster)
        do throws(EntryValue.Problem) { _ = try client.keys.name(client.keys.key(address.name("a"))) } catch {
            throw RegistryError("'\(address.name("{name}"))' can't be the end of a key: \(error)")
        }
        var settings = PublicationMachine.Settings(instance: instance, address: advertise)
        settings.ttl = Int64(ttl)
        settings.members = address.cluster.endpoints.count
        settings.authenticates = client.authenticates
        session = PublicationSession(client: client, address: address, settings: settings, tell: tell)
    }

    package func start() {
        let session = session
        Task { await session.handle(.started) }
    }

    /// The names from now on. Any thread, but one after the other.
    package func set(_ names: Set<String>) {
        wanted.withLockedValue { $0 = names }
        let (session, wanted) = (session, wanted)
        // Tasks may overtake each other: each brings the newest.
        Task { await session.want(wanted.withLockedValue { $0 }) }
    }

    /// Takes all entries away; returns when they are gone, or after 2 s.
    ///
    /// - Returns: whether they are known to be gone; otherwise they go with their lease.
    package func withdraw() async -> Bool { await session.withdraw() }
}

/// The thin shell around `PublicationMachine`.
actor PublicationSession {
    private let client: EtcdClient
    private let address: PublicationAddress
    private let endpoint: Endpoint
    private let instance: String
    private let tell: @Sendable (EtcdPublication.News) -> Void
    private let start = ContinuousClock.now
    private var machine: PublicationMachine
    private var exchange: (id: PublicationMachine.Exchange, task: Task<Void, Never>)?
    private var timer: Task<Void, Never>?
    private var ending: [CheckedContinuation<Bool, Never>] = []
    private var ended: Bool?
    private var saidUnfit = false

    init(
        client: EtcdClient,
        address: PublicationAddress,
        settings: PublicationMachine.Settings,
        tell: @escaping @Sendable (EtcdPublication.News) -> Void
    ) {
        self.client = client
        self.address = address
        self.endpoint = settings.address
        self.instance = settings.instance
        self.tell = tell
        machine = PublicationMachine(settings)
    }

    func handle(_ event: PublicationMachine.Event) {
        let actions = machine.handle(
            event,
            now: ContinuousClock.now - start,
            random: .random(in: .min ... .max)
        )
        for action in actions { perform(action) }
    }

    func want(_ names: Set<String>) {
        let fit = names.filter { (try? client.keys.name(key($0))) != nil }
        if fit.count < names.count, !saidUnfit {
            let name = names.subtracting(fit).min() ?? ""
            tell(.leftOut("'\(EtcdEntry.shown(Array(name.utf8)))' is too long for a name of the registry"))
        }
        saidUnfit = fit.count < names.count
        handle(.wanted(fit))
    }

    func withdraw() async -> Bool {
        handle(.stopped)
        if let ended { return ended }
        return await withCheckedContinuation { ending.append($0) }
    }

    private func key(_ name: String) -> [UInt8] { client.keys.key(address.name(name)) }

    private func perform(_ action: PublicationMachine.Action) {
        let client = client
        switch action {
        case .tell(let news): say(news)
        case .cancel(let id):
            if exchange?.id == id { exchange?.task.cancel() }
        case .wake(let moment):
            timer?.cancel()
            let at = start + moment
            timer = Task {
                guard (try? await Task.sleep(until: at, clock: .continuous)) != nil else { return }
                self.handle(.timer)
            }
        case .authenticate(let id):
            run(id) { () throws(EtcdFailure) in
                try await client.authenticate(member: id.member)
                return .authenticated(id)
            }
        case .grant(let id, let ttl):
            run(id) { () throws(EtcdFailure) in
                let (lease, granted) = try await client.grant(ttl: ttl, member: id.member)
                return .granted(id, lease: lease, ttl: granted)
            }
        case .claim(let id, let lease, let claims): claim(id, lease, claims)
        case .remove(let id, let lease, let names):
            let keys = names.map { key($0) }
            run(id) { () throws(EtcdFailure) in
                try await client.deleteEach(keys, lease: lease, member: id.member)
                return .removed(id)
            }
        case .renew(let id, let lease):
            run(id) { () throws(EtcdFailure) in
                .renewed(id, ttl: try await client.keepAlive(lease: lease, member: id.member))
            }
        case .revoke(let id, let lease):
            run(id) { () throws(EtcdFailure) in
                try await client.revoke(lease: lease, member: id.member)
                return .revoked(id)
            }
        }
    }

    private func claim(
        _ id: PublicationMachine.Exchange,
        _ lease: Int64,
        _ claims: [PublicationMachine.Claim]
    ) {
        let since = Int64(Date().timeIntervalSince1970)
        let value = EntryValue.json(endpoint, instance: instance, since: since)
        let puts = claims.map {
            EtcdClient.Put(key: key($0.name), value: value, lease: lease, onlyOver: $0.replacing ?? 0)
        }
        let client = client
        run(id) { () throws(EtcdFailure) in
            let answers = try await client.putEach(puts, member: id.member)
            var results: [String: PublicationMachine.Claimed] = [:]
            for (claim, answer) in zip(claims, answers) {
                if answer.done {
                    results[claim.name] = .done
                } else if let there = answer.there {
                    results[claim.name] = .held(PublicationMachine.Owner(there))
                }
            }
            return .claimed(id, results)
        }
    }

    private func run(
        _ id: PublicationMachine.Exchange,
        _ body: @escaping @Sendable () async throws(EtcdFailure) -> PublicationMachine.Event
    ) {
        exchange = (
            id,
            Task {
                let event: PublicationMachine.Event
                do throws(EtcdFailure) { event = try await body() } catch { event = .failed(id, error) }
                self.handle(event)
            }
        )
    }

    private func say(_ news: PublicationMachine.News) {
        switch news {
        case .published(let count): tell(.published(count))
        case .trouble(let reason): tell(.trouble(reason))
        case .lost(let reason): tell(.lost(reason))
        case .held(let name, let holder): tell(.held(key: address.key(name), by: holder.words))
        case .tooMany(let count):
            tell(.leftOut("\(count) names; only \(PublicationMachine.Limit.names) are published"))
        case .ended(let withdrawn):
            timer?.cancel()
            ended = withdrawn
            for waiter in ending { waiter.resume(returning: withdrawn) }
            ending = []
            let client = client
            Task { await client.shutDown() }
        }
    }
}
