package import ProxyCore
package import Names
import NIOCore
package import NIOPosix
package import Routing
import Settings

/// A running tier: its listeners, and a worker on each event loop. Front and local
/// are the same data plane with other rules.
package final class Tier: Sendable {
    /// As they were at the start.
    package let settings: TierSettings
    /// Where it listens, with the ports that were chosen.
    package let endpoints: [Endpoint]
    let workers: [Worker]
    private let listeners: [Listener]
    private let gate: ConnectionGate

    private init(settings: TierSettings, workers: [Worker], listeners: [Listener], gate: ConnectionGate) {
        self.settings = settings
        self.gate = gate
        self.workers = workers
        self.listeners = listeners
        self.endpoints = listeners.map(\.endpoint)
    }

    /// Binds all addresses and begins to serve.
    ///
    /// - Parameters:
    ///   - names: what is known at the start.
    ///   - nameResolver: for names that the table does not hold; nil: they are unknown.
    ///   - makeLog: the access log of one event loop; nil for none.
    ///   - seed: of request ids and of places in tables.
    /// - Throws: `ListenError`; then nothing is served.
    package static func start(
        settings: TierSettings,
        table: RouteTable,
        names: NameTable,
        nameResolver: (any NameResolver)? = nil,
        listen: [Endpoint],
        group: MultiThreadedEventLoopGroup,
        seed: UInt64,
        makeLog: () -> (any ExchangeLog)?
    ) async throws(ListenError) -> Tier {
        var random = Random(seed: seed)
        // Good from the first connection on, but for port 0, which is known when it is bound.
        let ownAddresses = Self.ownAddresses()
        let resolver = TargetResolver(
            names: names,
            addressGuard: AddressGuard(listening: listen, ownAddresses: ownAddresses)
        )
        let gate = ConnectionGate(settings.limits)
        let workers = group.makeIterator().map { loop in
            Worker(
                loop: loop,
                settings: settings,
                table: table,
                resolver: resolver,
                nameResolver: nameResolver,
                log: makeLog(),
                gate: gate,
                seed: random.next()
            )
        }
        var listeners: [Listener] = []
        do {
            for endpoint in listen {
                listeners.append(try await Listener.bind(endpoint, workers: workers))
            }
        } catch {
            for listener in listeners { await listener.close() }
            throw error
        }
        let addressGuard = AddressGuard(
            listening: listeners.map(\.endpoint),
            ownAddresses: ownAddresses
        )
        for worker in workers {
            worker.install(addressGuard)
            worker.start()
        }
        return Tier(settings: settings, workers: workers, listeners: listeners, gate: gate)
    }

    /// For tests of what a worker holds.
    var aWorker: Worker { workers[0] }

    /// New names, on every loop.
    package func install(names: NameTableUpdate) {
        for worker in workers { worker.install(names: names) }
    }

    /// New rules and settings, with the names that belong to them, on every loop. Connections that are open keep what their address was
    /// found to be (`trusted_proxies`); `name` and `instance` stay as they were at the start.
    package func install(table: RouteTable, settings: TierSettings, names: NameTable) {
        var settings = settings
        settings.name = self.settings.name
        settings.instance = self.settings.instance
        gate.set(settings.limits)
        for worker in workers { worker.install(table: table, settings: settings, names: names) }
    }

    /// Stops accepting and lets what runs finish, for `limit` at most.
    ///
    /// - Returns: what the tier has counted.
    package func shutDown(limit: Duration) async -> Counters {
        for listener in listeners { await listener.close() }
        let drained = workers.map { $0.drain() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for future in drained { try? await future.get() }
            }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
            // Whoever still waits for the drain is released by this.
            for worker in workers { _ = try? await worker.stop().get() }
        }
        var counters = Counters()
        for worker in workers {
            if let counted = try? await worker.stop().get() { counters.add(counted) }
        }
        return counters
    }

    private static func ownAddresses() -> [IPAddress] {
        guard let devices = try? System.enumerateDevices() else { return [] }
        return devices.compactMap { $0.address.flatMap(Endpoint.init)?.address }
    }
}
