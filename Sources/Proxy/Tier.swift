public import Names
import NIOCore
public import NIOPosix
public import Routing

/// A running tier: its listeners, and a worker on each event loop. Front and local
/// are the same data plane with other rules.
public final class Tier: Sendable {
    public let settings: TierSettings
    /// Where it listens, with the ports that were chosen.
    public let endpoints: [Endpoint]
    private let workers: [Worker]
    private let listeners: [Listener]

    private init(settings: TierSettings, workers: [Worker], listeners: [Listener]) {
        self.settings = settings
        self.workers = workers
        self.listeners = listeners
        self.endpoints = listeners.map(\.endpoint)
    }

    /// Binds all addresses and begins to serve.
    ///
    /// - Parameters:
    ///   - makeLog: the access log of one event loop; nil for none.
    ///   - seed: of request ids and of places in tables.
    /// - Throws: `ListenError`; then nothing is served.
    public static func start(
        settings: TierSettings,
        table: RouteTable,
        names: NameTable,
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
            worker.install(resolver: TargetResolver(names: names, addressGuard: addressGuard))
            worker.start()
        }
        return Tier(settings: settings, workers: workers, listeners: listeners)
    }

    /// New names, on every loop.
    public func install(names: NameTable) {
        for worker in workers { worker.install(names: names) }
    }

    /// Stops accepting and lets what runs finish, for `limit` at most.
    ///
    /// - Returns: what the tier has counted.
    public func shutDown(limit: Duration) async -> Counters {
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
