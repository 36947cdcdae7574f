import Names
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import Registration

/// The names that a tier publishes, each with the health that its checks find.
actor Publication {
    /// How often the health of all names is compared with what was published.
    static let interval = Duration.milliseconds(250)

    private let registration: EtcdRegistration
    private let tier: Tier
    private let directory: NameDirectory
    private let local = NIOLockedValueBox(LocalNames())
    private var served: ServedNames
    private var published: (names: Set<String>, health: [String: PublishedHealth])?
    private var watching: Task<Void, Never>?
    private var hasStopped = false

    init(_ registration: EtcdRegistration, _ tier: Tier, _ directory: NameDirectory) {
        self.registration = registration
        self.tier = tier
        self.directory = directory
        served = ServedNames(tier.sharedEndpoints)
    }

    nonisolated func start() {
        directory.subscribe { [self] update in
            guard local.withLockedValue({ $0.apply(update) }) else { return }
            Task { await publish() }
        }
        Task { await watch() }
    }

    /// Nothing is published any longer.
    func stop() {
        hasStopped = true
        watching?.cancel()
    }

    private func watch() {
        guard !hasStopped else { return }
        watching = Task {
            while (try? await Task.sleep(for: Self.interval)) != nil { publish() }
        }
    }

    /// Names as they are now: calls come in any order.
    private func publish() {
        guard !hasStopped else { return }
        let names = local.withLockedValue { $0.names }
        let health = served.health(of: names, tier.table, directory.table, now: .now())
        if let published, published.names == names, published.health == health { return }
        published = (names, health)
        registration.set(names, health: health)
    }
}
