import Logging
import Proxy
import Routing
import RoutingConfig
import TLS

/// The CAs of clients that a tier's rules and listeners name, while it runs. Any thread.
struct ClientAuthorities: Sendable {
    let files: FileControl<ClientAuthorityFile>
    /// What the tier's listeners demand.
    let listeners: ListenerPolicies

    /// - Parameter plans: of the tier.
    init(_ store: ClientAuthorityStore, _ plans: [ListenerPlan], logger: Logger) {
        listeners = ListenerPolicies(plans)
        files = FileControl(
            store,
            .init(
                reloaded: "client CAs reloaded",
                notReloaded: "client CAs not reloaded: the ones before stay in force",
                notWatched: "client CAs cannot be watched; SIGHUP reloads them"
            ),
            logger: logger,
            certificates: { ExpirySchedule.Item.authorities($0) }
        )
    }

    /// What rule files that are being reloaded demand of clients.
    struct Replacement: Sendable {
        fileprivate let files: ClientAuthorityStore.Replacement
        fileprivate let listeners: ListenerPolicies.Replacement
    }

    /// Reads what rule files that are being reloaded name. Blocks.
    ///
    /// - Parameters:
    ///   - paths: of the rules' CAs.
    ///   - settings: the files' listeners.
    /// - Throws: every problem; then all stays as it is.
    func prepare(_ paths: Set<String>, _ settings: [ListenerSettings]) throws(CertificateFailure)
        -> Replacement
    {
        let policies = listeners.prepare(settings)
        return Replacement(
            files: try files.store.prepare(paths.union(policies.authorities)),
            listeners: policies
        )
    }

    /// Puts it in force, before the rules that need it.
    func install(_ replacement: Replacement, in tier: Tier) {
        files.install(replacement.files)
        listeners.install(replacement.listeners, in: tier)
    }
}
