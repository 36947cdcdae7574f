import Balancing
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ProxyCore

/// Tells operators when the health of an endpoint changes. Where very many change at once, some lines are left out, and
/// the next one says how many (`omitted`).
final class HealthLog: Sendable {
    private let logger: Logger
    private let budget = NIOLockedValueBox(LineBudget())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Any thread.
    func report(_ event: HealthEvent, now: NIODeadline = .now()) {
        guard case .write(let omitted) = budget.withLockedValue({ $0.take(now: now) }) else { return }
        let change = event.transition
        var metadata: Logger.Metadata = [
            "endpoint": "\(event.endpoint)", "from": "\(change.from.rawValue)", "to": "\(change.to.rawValue)",
            "cause": "\(change.cause.rawValue)",
        ]
        if let pool = event.pool { metadata["pool"] = "\(pool)" }
        if let identity = event.identity { metadata["identity"] = "\(identity)" }
        if !change.detail.isEmpty { metadata["detail"] = "\(change.detail)" }
        if !change.evidence.isEmpty { metadata["evidence"] = "\(change.evidence)" }
        if omitted > 0 { metadata["omitted"] = "\(omitted)" }
        logger.log(
            level: change.to == .up ? .notice : .warning,
            "the health of an endpoint changed",
            metadata: metadata
        )
    }
}
