import Logging
import Proxy
import ProxyCore
import Routing
import TLS

/// Logs where a tier listens.
enum ListeningLog {
    static func report(_ tier: Tier, _ plans: [ListenerPlan], to logger: Logger) {
        for (endpoint, plan) in zip(tier.endpoints, plans) {
            var metadata: Logger.Metadata = [
                "tier": "\(tier.settings.name)", "address": "\(endpoint)",
                "rules": "\(tier.table.rules.count)",
            ]
            if let store = plan.certificates?.store {
                metadata["tls"] = "true"
                metadata["certificates"] = "\(store.certificates.count)"
            }
            if let clients = plan.clientCertificates {
                metadata["client_certificates"] = clients.isRequired ? "required" : "requested"
            }
            if plan.redirectsToHTTPS { metadata["redirect_to_https"] = "true" }
            logger.notice("listening", metadata: metadata)
        }
    }
}
