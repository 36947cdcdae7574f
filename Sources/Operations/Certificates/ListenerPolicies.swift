import NIOConcurrencyHelpers
import Proxy
import Routing
import RoutingConfig

/// What the listeners of a running tier demand of clients, where the rules demand nothing: as the rule files that are in
/// force say. A listener that the files do not name any more keeps its policy, as it keeps its address. Any thread.
final class ListenerPolicies: Sendable {
    /// By the address in the rule files, for listeners with certificates.
    private let policies: NIOLockedValueBox<[Endpoint: ClientCertificates?]>

    /// - Parameter plans: of the tier.
    init(_ plans: [ListenerPlan]) {
        var policies: [Endpoint: ClientCertificates?] = [:]
        for plan in plans where plan.certificates != nil {
            policies.updateValue(plan.clientCertificates, forKey: plan.endpoint)
        }
        self.policies = NIOLockedValueBox(policies)
    }

    struct Replacement: Sendable {
        fileprivate let policies: [Endpoint: ClientCertificates?]

        /// The files of the CAs.
        var authorities: Set<String> { Set(policies.values.compactMap { $0?.authorities }) }
    }

    /// - Parameter settings: the listeners of the rule files.
    func prepare(_ settings: [ListenerSettings]) -> Replacement {
        var policies = policies.withLockedValue { $0 }
        for listener in settings where policies[listener.address] != nil {
            guard let tls = listener.tls else { continue }
            policies.updateValue(tls.clientCertificates, forKey: listener.address)
        }
        return Replacement(policies: policies)
    }

    func install(_ replacement: Replacement, in tier: Tier) {
        policies.withLockedValue { $0 = replacement.policies }
        tier.install(clientPolicies: replacement.policies)
    }
}
