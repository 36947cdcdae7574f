import Logging
import NIOConcurrencyHelpers
import NIOCore
import TLS

/// Tells operators of TLS handshakes that fail. Where very many do, some lines are left out, and the next one says how many
/// (`omitted`).
final class HandshakeLog: Sendable {
    private let logger: Logger
    private let budget = NIOLockedValueBox(LineBudget())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Any thread.
    func report(_ end: TLSHandshakeEnd, now: NIODeadline = .now()) {
        guard case .failed(let failure) = end.outcome else { return }
        // Who connects and sends nothing: a check of a load balancer, a browser that prepares.
        let level: Logger.Level = failure.word == "no_hello" || failure.word == "tier_ends" ? .debug : .notice
        guard level >= logger.logLevel,
            case .write(let omitted) = budget.withLockedValue({ $0.take(now: now) })
        else { return }
        var metadata: Logger.Metadata = [
            "client": "\(end.peer)", "port": "\(end.localPort)", "cause": "\(failure.word)",
            "detail": "\(failure.detail)", "seconds": "\(Double(end.elapsed.nanoseconds / 1_000_000) / 1000)",
        ]
        if let name = end.serverName { metadata["server_name"] = "\(name)" }
        if omitted > 0 { metadata["omitted"] = "\(omitted)" }
        logger.log(level: level, "a TLS handshake failed", metadata: metadata)
    }
}
