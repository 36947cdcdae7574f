import Routing
import RoutingConfig

/// Targets whose endpoints are not verified.
struct UpstreamTLSCheck {
    let context: LintContext

    func run() {
        for settings in context.inspected.configuration.upstreamTLS {
            guard let origin = settings.unverified else { continue }
            context.report(
                .unverifiedTarget,
                at: origin,
                "endpoints are not verified: whoever responds at the address receives the requests",
                hint: "remove `verify: false`, and name the authority that has issued the certificates: `ca`"
            )
        }
    }
}
