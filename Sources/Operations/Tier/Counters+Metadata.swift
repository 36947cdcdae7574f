import Logging
import ProxyCore

extension Counters {
    /// As the log shows them when a tier has stopped.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "connections": "\(connections)",
            "rejected": "\(rejected)",
            "requests": "\(requests)",
            "retries": "\(retries)",
        ]
        if handshakes > 0 || failedHandshakes > 0 {
            metadata["tls_handshakes"] = "\(handshakes)"
            metadata["tls_resumed"] = "\(resumedHandshakes)"
            metadata["tls_failed"] = "\(failedHandshakes)"
        }
        for (reason, count) in failures { metadata[reason.rawValue] = "\(count)" }
        return metadata
    }
}
