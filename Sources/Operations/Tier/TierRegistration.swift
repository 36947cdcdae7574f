import Logging
import Names
import NIOConcurrencyHelpers
import Proxy
package import Registration
import RegistryClient
package import Routing

/// Where a tier registers, and with which address.
package struct RegistrationPlan: Sendable {
    /// One entry for the tier, or a template for the names that it serves.
    package var address: RegistrationAddress
    /// The address in the entries: what others connect to.
    package var advertise: Endpoint
    /// The life of the lease, seconds.
    package var ttl: Int
    /// Takes the entries over from an instance with the same address.
    package var takesOver: Bool

    package init(
        address: RegistrationAddress,
        advertise: Endpoint,
        ttl: Int = 10,
        takesOver: Bool = false
    ) {
        self.address = address
        self.advertise = advertise
        self.ttl = ttl
        self.takesOver = takesOver
    }
}

/// A registration of a running tier: logged, and withdrawn before the tier ends.
final class TierRegistration: Sendable {
    /// How long the tier continues after its entries are removed, so that the followers of the registry have
    /// received it (250 ms).
    static let followTime = Duration.milliseconds(250)

    private let registration: EtcdRegistration
    private let address: RegistrationAddress
    /// The entries that were last known to be registered.
    private let registered = NIOLockedValueBox(0)
    private let refusals: AsyncStream<String>
    private let logger: Logger
    /// Of a template, while the tier runs.
    private let publication = NIOLockedValueBox<Publication?>(nil)

    init(_ plan: RegistrationPlan, logger: Logger) throws(RegistryError) {
        let (refusals, refuse) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        var logger = logger
        logger[metadataKey: "key"] = "\(plan.address.key)"
        address = plan.address
        self.refusals = refusals
        self.logger = logger
        let (address, log, registered) = (plan.address, logger, registered)
        registration = try EtcdRegistration(
            plan.address,
            advertise: plan.advertise,
            ttl: plan.ttl,
            takesOver: plan.takesOver
        ) { update in
            switch update {
            case .registered(let count):
                // From here on a name that somebody else holds does not end the tier.
                refuse.finish()
                registered.withLockedValue { $0 = count }
                log.log(
                    level: address.isTemplate ? .info : .notice,
                    "registered",
                    metadata: ["entries": "\(count)", "address": "\(plan.advertise)"]
                )
            case .failing(let reason):
                log.error("registry failing; registration is retried", metadata: ["reason": "\(reason)"])
            case .lost(let reason):
                registered.withLockedValue { $0 = 0 }
                log.error("registration lost; registering again", metadata: ["reason": "\(reason)"])
            case .held(let key, let owner):
                log.error(
                    "name is held by another instance; not registered",
                    metadata: ["key": "\(key)", "holder": "\(owner)"]
                )
                refuse.yield(owner)
            case .leftOut(let reason):
                log.error("names left out of the registration", metadata: ["reason": "\(reason)"])
            }
        }
    }

    /// Registers, from now on, also the names that the tier serves, if the address is a template.
    func start(_ tier: Tier, _ names: NameDirectory) {
        registration.start()
        guard address.isTemplate else { return }
        let publication = Publication(registration, tier, names)
        self.publication.withLockedValue { $0 = publication }
        publication.start()
    }

    /// Returns when somebody else holds the tier's own name, with the reason; nil: the tier has it, or the address
    /// is a template, whose names do not end the tier.
    func refused() async -> String? {
        guard !address.isTemplate else { return nil }
        for await owner in refusals { return "the name '\(address.name)' is held by \(owner)" }
        return nil
    }

    /// Its entries are there; those of a template are not counted.
    var isRegistered: Bool { address.isTemplate || registered.withLockedValue { $0 } > 0 }

    func withdraw() async {
        await publication.withLockedValue { $0 }?.stop()
        let isConfirmed = await registration.withdraw()
        // A tier that was never registered, or lost its entries, has nothing to withdraw.
        guard registered.withLockedValue({ $0 }) > 0 else { return }
        logger.notice("registration withdrawn", metadata: ["confirmed": "\(isConfirmed)"])
        if isConfirmed { try? await Task.sleep(for: Self.followTime) }
    }
}
