import Logging
import Names
import NIOConcurrencyHelpers
package import Registries
package import Routing

/// Where a tier publishes the names that it serves, and as what.
package struct PublicationPlan: Sendable {
    package var address: PublicationAddress
    /// What others connect to.
    package var advertise: Endpoint
    /// Life of the lease, seconds.
    package var ttl: Int

    package init(address: PublicationAddress, advertise: Endpoint, ttl: Int = 10) {
        self.address = address
        self.advertise = advertise
        self.ttl = ttl
    }
}

/// The names of a running tier in a registry: those that its own sources know (`static`, `hosts_file`,
/// `containers`), followed as they come and go, and withdrawn before the tier ends.
final class TierPublication: Sendable {
    private let publication: EtcdPublication
    private let known = NIOLockedValueBox<Set<String>>([])
    private let logger: Logger

    init(_ plan: PublicationPlan, logger: Logger) throws(RegistryError) {
        self.logger = logger
        publication = try EtcdPublication(plan.address, advertise: plan.advertise, ttl: plan.ttl) { news in
            switch news {
            case .published(let count):
                logger.info(
                    "names published",
                    metadata: ["names": "\(count)", "address": "\(plan.advertise)"]
                )
            case .trouble(let reason):
                logger.error(
                    "registry not reached; names published again later",
                    metadata: ["reason": "\(reason)"]
                )
            case .lost(let reason):
                logger.error("published names lost; published again", metadata: ["reason": "\(reason)"])
            case .held(let key, let holder):
                logger.error(
                    "name is held by another; not published",
                    metadata: ["key": "\(key)", "holder": "\(holder)"]
                )
            case .leftOut(let reason):
                logger.error("names left out of what is published", metadata: ["reason": "\(reason)"])
            }
        }
    }

    func start() { publication.start() }

    /// News of the tier's names, in order.
    func take(_ news: NameTableUpdate) {
        let layers = news.table.layers.filter(\.isLocal)
        let names: Set<String>? = known.withLockedValue { known in
            let before = known
            if let changed = news.changed {
                for name in changed {
                    if layers.contains(where: { $0.holds(name) }) {
                        known.insert(name)
                    } else {
                        known.remove(name)
                    }
                }
            } else {
                known = []
                for layer in layers { known.formUnion(layer.heldNames) }
            }
            return known == before ? nil : known
        }
        if let names { publication.set(names) }
    }

    func withdraw() async {
        let gone = await publication.withdraw()
        logger.notice("published names withdrawn", metadata: ["confirmed": "\(gone)"])
        if gone { try? await Task.sleep(for: TierRegistration.followTime) }
    }
}
