import Logging
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import TLS

/// Tells operators of TLS handshakes with endpoints that fail. Where very many do, some lines are left out, and the next
/// one says how many (`omitted`).
final class UpstreamHandshakeLog: Sendable {
    private let logger: Logger
    private let budget = NIOLockedValueBox(LineBudget())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Any thread.
    func report(_ failure: UpstreamHandshakeFailure, now: NIODeadline = .now()) {
        guard .warning >= logger.logLevel,
            case .write(let omitted) = budget.withLockedValue({ $0.take(now: now) })
        else { return }
        var metadata: Logger.Metadata = [
            "endpoint": "\(failure.endpoint)", "server_name": "\(failure.serverName)",
            "cause": "\(failure.failure.word)", "detail": "\(failure.failure.detail)",
        ]
        if omitted > 0 { metadata["omitted"] = "\(omitted)" }
        logger.warning("a TLS handshake with an endpoint failed", metadata: metadata)
    }
}
