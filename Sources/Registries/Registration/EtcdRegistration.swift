import Foundation
import Names
package import Routing
package import Settings
import Synchronization

/// An entry of etcd that says where this tier is, for as long as it serves.
package final class EtcdRegistration: Sendable {
    package enum News: Sendable, Equatable {
        case registered
        /// The registry can't be reached or refuses; tried again by itself.
        case trouble(String)
        /// The lease ran out; registered again as soon as it can be.
        case lost(String)
        /// Another instance has the name; who, in words. Tried again by itself.
        case held(by: String)
    }

    private let session: RegistrationSession

    /// - Parameters:
    ///   - etcd: its `prefix` and `name` make the key.
    ///   - advertise: what others connect to.
    ///   - ttl: life of the lease, seconds (2 to 3600; default 10).
    ///   - instance: who we are; by default new in each process.
    ///   - tell: news in order, on any thread.
    /// - Throws: `RegistryError` when the settings can't be used.
    package init(
        _ etcd: EtcdCluster,
        name: String,
        advertise: Endpoint,
        ttl: Int = 10,
        instance: String = String(UInt64.random(in: .min ... .max), radix: 16),
        tell: @escaping @Sendable (News) -> Void
    ) throws(RegistryError) {
        try Self.check(ttl: ttl, instance: instance)
        let client = try EtcdClient(etcd)
        let key = client.keys.key(name)
        do throws(EntryValue.Problem) { _ = try client.keys.name(key) } catch {
            throw RegistryError("'\(name)' can't be registered: \(error)")
        }
        var settings = RegistrationMachine.Settings(instance: instance, address: advertise)
        settings.ttl = Int64(ttl)
        settings.members = etcd.endpoints.count
        settings.authenticates = client.authenticates
        session = RegistrationSession(client: client, key: key, settings: settings, tell: tell)
    }

    static func check(ttl: Int, instance: String) throws(RegistryError) {
        guard (2...3600).contains(ttl) else {
            throw RegistryError("the life of a registration is from 2 s to 1 h, not \(ttl) s")
        }
        guard EntryValue.isInstance(instance) else {
            throw RegistryError(
                "an instance is 1 to \(EntryValue.maxInstanceBytes) printable ASCII characters"
            )
        }
    }

    package func start() {
        let session = session
        Task { await session.handle(.started) }
    }

    /// Takes the entry away; returns when it is gone, or after 2 s.
    ///
    /// - Returns: whether it is known to be gone; otherwise it goes with its lease.
    package func withdraw() async -> Bool { await session.withdraw() }
}

/// The thin shell around `RegistrationMachine`.
actor RegistrationSession {
    private let client: EtcdClient
    private let key: [UInt8]
    private let settings: RegistrationMachine.Settings
    private let tell: @Sendable (EtcdRegistration.News) -> Void
    private let start = ContinuousClock.now
    private var machine: RegistrationMachine
    private var exchange: (id: RegistrationMachine.Exchange, task: Task<Void, Never>)?
    private var timer: Task<Void, Never>?
    private var ending: [CheckedContinuation<Bool, Never>] = []
    private var ended: Bool?

    init(
        client: EtcdClient,
        key: [UInt8],
        settings: RegistrationMachine.Settings,
        tell: @escaping @Sendable (EtcdRegistration.News) -> Void
    ) {
        self.client = client
        self.key = key
        self.settings = settings
        self.tell = tell
        machine = RegistrationMachine(settings)
    }

    func handle(_ event: RegistrationMachine.Event) {
        let actions = machine.handle(
            event,
            now: ContinuousClock.now - start,
            random: .random(in: .min ... .max)
        )
        for action in actions { perform(action) }
    }

    func withdraw() async -> Bool {
        handle(.stopped)
        if let ended { return ended }
        return await withCheckedContinuation { ending.append($0) }
    }

    private func perform(_ action: RegistrationMachine.Action) {
        let (client, key) = (client, key)
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
        case .claim(let id, let lease, let replacing):
            let since = Int64(Date().timeIntervalSince1970)
            let value = EntryValue.json(settings.address, instance: settings.instance, since: since)
            run(id) { () throws(EtcdFailure) in
                let put = EtcdClient.Put(key: key, value: value, lease: lease, onlyOver: replacing ?? 0)
                guard let holder = try await client.put(put, member: id.member) else { return .claimed(id) }
                return .held(id, RegistrationMachine.Owner(holder))
            }
        case .inspect(let id, let lease):
            run(id) { () throws(EtcdFailure) in
                let (left, granted) = try await client.timeToLive(lease: lease, member: id.member)
                return .leaseSeen(id, remaining: left, granted: granted)
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

    private func run(
        _ id: RegistrationMachine.Exchange,
        _ body: @escaping @Sendable () async throws(EtcdFailure) -> RegistrationMachine.Event
    ) {
        exchange = (
            id,
            Task {
                let event: RegistrationMachine.Event
                do throws(EtcdFailure) { event = try await body() } catch { event = .failed(id, error) }
                self.handle(event)
            }
        )
    }

    private func say(_ news: RegistrationMachine.News) {
        switch news {
        case .registered: tell(.registered)
        case .trouble(let reason): tell(.trouble(reason))
        case .lost(let reason): tell(.lost(reason))
        case .held(let holder): tell(.held(by: holder.words))
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

extension RegistrationMachine.Owner {
    init(_ kv: EtcdKeyValue) {
        let bytes = kv.value ?? Data()
        let addresses = (try? EntryValue(bytes))?.addresses ?? []
        self.init(
            instance: addresses.first?.identity,
            addresses: addresses,
            lease: kv.lease?.value ?? 0,
            modRevision: kv.mod_revision?.value ?? 0,
            text: EtcdEntry.shown(Array(bytes))
        )
    }

    /// `instance 7f3a at 10.0.0.6:9000`.
    var words: String {
        let who = instance.map { "instance \($0)" } ?? "an entry that no tier has registered"
        let places = addresses.map { one in
            one.port.map { "\(Endpoint(address: one.address, port: $0))" } ?? "\(one.address)"
        }
        let place = places.isEmpty ? "with the value \(text)" : "at \(places.joined(separator: ", "))"
        return "\(who) \(place)\(lease == 0 ? ", without a lease" : "")"
    }
}
