import EtcdClient
import FoundationEssentials
package import Names
import NIOConcurrencyHelpers
package import RegistryClient
package import Routing

/// Entries of etcd with the address of this tier, for as long as it serves: one, or one for each of a set of names.
package final class EtcdRegistration: Sendable {
    package enum Update: Sendable, Equatable {
        /// All entries are in order, except those that others hold; so many exist.
        case registered(Int)
        /// The registry is unreachable or refuses a request; retried.
        case failing(String)
        /// The lease ran out; the entries are put again as soon as possible.
        case lost(String)
        /// Somebody else holds the entry of this key; retried.
        case held(key: String, by: String)
        /// Names that are not registered, and why.
        case leftOut(String)
    }

    private struct State {
        var names: Set<String> = []
        /// By the entry.
        var health: [String: PublishedHealth] = [:]
        var hasReportedUnfit = false
        var ended: Bool?
        var waiters: [CheckedContinuation<Bool, Never>] = []
    }

    private let address: RegistrationAddress
    private let client: EtcdClient
    private let report: @Sendable (Update) -> Void
    private let runner: MachineRunner<RegistrationMachine>
    private let state: NIOLockedValueBox<State>

    /// - Parameters:
    ///   - advertise: the address in the entries.
    ///   - ttl: the life of the lease, seconds (2 to 3600; default 10).
    ///   - takesOver: replaces at the start the entries of an instance with the same address, which drains.
    ///   - instance: the identity of this tier; by default new in each process.
    ///   - report: receives updates in order, on any thread.
    /// - Throws: `RegistryError` when the settings are not valid.
    package init(
        _ address: RegistrationAddress,
        advertise: Endpoint,
        ttl: Int = 10,
        takesOver: Bool = false,
        instance: String = String(UInt64.random(in: .min ... .max), radix: 16),
        report: @escaping @Sendable (Update) -> Void
    ) throws(RegistryError) {
        guard (2...3600).contains(ttl) else {
            throw RegistryError("the life of a registration must be from 2 s to 1 h, not \(ttl) s")
        }
        guard EntryValue.isInstance(instance) else {
            throw RegistryError(
                "an instance must have 1 to \(EntryValue.maxInstanceBytes) printable ASCII characters"
            )
        }
        let client = try EtcdClient(address.cluster)
        do throws(InvalidEntry) { _ = try client.keys.name(client.keys.key(address.entry(for: "a"))) } catch {
            throw RegistryError("cannot register '\(address.name)': \(error)")
        }
        var settings = RegistrationMachine.Settings(instance: instance, address: advertise)
        settings.ttl = Int64(ttl)
        settings.takesOver = takesOver
        settings.members = client.members
        settings.authenticates = client.authenticates
        let state = NIOLockedValueBox(State())
        self.address = address
        self.client = client
        self.report = report
        self.state = state
        let value = RegistrationValue(address: advertise, instance: instance)
        runner = MachineRunner(RegistrationMachine(settings)) { token, request, _ in
            await client.perform(request, token, value)
        } emit: { output in
            switch output {
            case .registered(let count): report(.registered(count))
            case .failing(let reason): report(.failing(reason))
            case .lost(let reason): report(.lost(reason))
            case .held(let name, let owner):
                report(.held(key: client.keys.prefix + name, by: "\(owner)"))
            case .tooMany(let count):
                report(
                    .leftOut("\(count) names; the maximum is \(RegistrationMachine.Limit.entries)")
                )
            case .ended(let withdrawn):
                let waiters = state.withLockedValue { state in
                    defer { state.waiters = [] }
                    state.ended = withdrawn
                    return state.waiters
                }
                for waiter in waiters { waiter.resume(returning: withdrawn) }
                Task { await client.shutDown() }
            }
        }
    }

    package func start() {
        let runner = runner
        if !address.isTemplate { set([""]) }
        Task { await runner.handle(.started) }
    }

    /// Registers these names from now on, in place of earlier ones; for a template. Any thread, but one call after
    /// the other.
    ///
    /// - Parameter health: of those names that have one, written with their entries.
    package func set(_ names: Set<String>, health: [String: PublishedHealth] = [:]) {
        let (fit, unfit) = entries(names)
        var healths: [String: PublishedHealth] = [:]
        for (name, health) in health { healths[address.entry(for: name)] = health }
        let entryHealths = healths
        let reports = state.withLockedValue { state in
            defer { state.hasReportedUnfit = unfit != nil }
            state.names = fit
            state.health = entryHealths
            return !state.hasReportedUnfit
        }
        if let unfit, reports {
            report(.leftOut("'\(EtcdEntry.printable(Array(unfit.utf8)))' is not valid in the registry"))
        }
        let (runner, state) = (runner, state)
        // Tasks may overtake each other: each brings the newest names.
        Task {
            let (names, health) = state.withLockedValue { ($0.names, $0.health) }
            await runner.handle(.wanted(names, health: health))
        }
    }

    /// Removes all entries; returns when they are removed, or after 2 s.
    ///
    /// - Returns: whether they are known to be removed; otherwise they end with their lease.
    package func withdraw() async -> Bool {
        await runner.handle(.stopped)
        return await withCheckedContinuation { waiter in
            let ended = state.withLockedValue { state in
                if state.ended == nil { state.waiters.append(waiter) }
                return state.ended
            }
            if let ended { waiter.resume(returning: ended) }
        }
    }

    /// The entries' names, and the first name that is too long for one.
    private func entries(_ names: Set<String>) -> (fit: Set<String>, unfit: String?) {
        var fit: Set<String> = []
        var unfit: String?
        for name in names {
            let entry = address.entry(for: name)
            if (try? client.keys.name(client.keys.key(entry))) != nil {
                fit.insert(entry)
            } else {
                unfit = min(unfit ?? name, name)
            }
        }
        return (fit, unfit)
    }
}
