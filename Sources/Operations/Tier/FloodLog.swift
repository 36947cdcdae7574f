import Logging
import NIOConcurrencyHelpers
import NIOCore
import ProxyCore

/// Tells operators of clients whose HTTP/2 connections were ended for a flood of frames. Where very many are, some lines are
/// left out, and the next one says how many (`omitted`).
final class FloodLog: Sendable {
    private let logger: Logger
    private let budget = NIOLockedValueBox(LineBudget())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Any thread.
    func report(_ detail: String, _ connection: ConnectionInfo, now: NIODeadline = .now()) {
        guard case .write(let omitted) = budget.withLockedValue({ $0.take(now: now) }) else { return }
        var metadata: Logger.Metadata = [
            "client": "\(connection.peer)", "port": "\(connection.localPort)", "detail": "\(detail)",
        ]
        if omitted > 0 { metadata["omitted"] = "\(omitted)" }
        logger.notice("an HTTP/2 connection was ended: its client floods", metadata: metadata)
    }
}
