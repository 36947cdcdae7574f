import Logging
import Proxy
import ProxyCore

/// Logs what a tier has counted, at its end.
enum EndLog {
    static func report(
        _ tier: Tier,
        _ counters: Counters,
        _ reloads: ReloadCounters,
        _ logs: TierLogs,
        to logger: Logger
    ) {
        var metadata = counters.metadata
        metadata["tier"] = "\(tier.settings.name)"
        metadata["reloads"] = "\(reloads.succeeded)"
        metadata["reloads_failed"] = "\(reloads.failed)"
        logs.count(in: &metadata)
        logger.notice("stopped", metadata: metadata)
    }
}
