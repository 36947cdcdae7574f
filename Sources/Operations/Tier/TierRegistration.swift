import Logging
package import Registries
package import Routing

/// Where a tier registers itself, and as what.
package struct RegistrationPlan: Sendable {
    package var address: RegistrationAddress
    /// What others connect to.
    package var advertise: Endpoint
    /// Life of the lease, seconds.
    package var ttl: Int

    package init(address: RegistrationAddress, advertise: Endpoint, ttl: Int = 10) {
        self.address = address
        self.advertise = advertise
        self.ttl = ttl
    }
}

/// The registration of a running tier: told in the log, and ended before the tier is.
final class TierRegistration: Sendable {
    /// How long the tier goes on as before when its name is gone, so that those who follow the registry have
    /// heard of it (250 ms).
    static let followTime = Duration.milliseconds(250)

    private let registration: EtcdRegistration
    private let refusals: AsyncStream<String>
    private let name: String
    private let logger: Logger

    init(_ plan: RegistrationPlan, logger: Logger) throws(RegistryError) {
        let (refusals, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        let name = plan.address.name
        self.refusals = refusals
        self.name = name
        self.logger = logger
        registration = try EtcdRegistration(
            plan.address.cluster,
            name: name,
            advertise: plan.advertise,
            ttl: plan.ttl
        ) { news in
            switch news {
            case .registered:
                // From here on a name that is held is no reason to stop.
                continuation.finish()
                logger.notice("registered", metadata: ["name": "\(name)", "address": "\(plan.advertise)"])
            case .trouble(let reason):
                logger.error(
                    "registry not reached; tried again",
                    metadata: ["name": "\(name)", "reason": "\(reason)"]
                )
            case .lost(let reason):
                logger.error(
                    "registration lost; registering again",
                    metadata: ["name": "\(name)", "reason": "\(reason)"]
                )
            case .held(let holder):
                logger.error("name is held by another", metadata: ["name": "\(name)", "holder": "\(holder)"])
                continuation.yield(holder)
            }
        }
    }

    func start() { registration.start() }

    /// Who has the name; nil once the tier has it.
    func refused() async -> String? {
        for await holder in refusals { return "the name '\(name)' is held by \(holder)" }
        return nil
    }

    func withdraw() async {
        let gone = await registration.withdraw()
        logger.notice("registration withdrawn", metadata: ["name": "\(name)", "confirmed": "\(gone)"])
        if gone { try? await Task.sleep(for: Self.followTime) }
    }
}
