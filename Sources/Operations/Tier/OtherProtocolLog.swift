import Logging
import NIOConcurrencyHelpers
import NIOCore
import Routing

/// Tells operators of clients that speak TLS or HTTP/2 to a port of plain HTTP: a hint now and then, as one
/// misconfigured client sends many.
final class OtherProtocolLog: Sendable {
    /// The least time between two messages about one protocol.
    static let interval = TimeAmount.minutes(1)

    private let logger: Logger
    private let next = NIOLockedValueBox<[String: NIODeadline]>([:])

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Any thread.
    func report(_ name: StaticString, _ peer: IPAddress, _ port: UInt16, now: NIODeadline = .now()) {
        let isDue = next.withLockedValue { next in
            guard next["\(name)", default: now] <= now else { return false }
            next["\(name)"] = now + Self.interval
            return true
        }
        guard isDue else { return }
        logger.notice(
            "a client sent another protocol to a port that speaks plain HTTP/1.1; a listener with `tls` terminates TLS",
            metadata: ["protocol": "\(name)", "client": "\(peer)", "port": "\(port)", "see": "docs/tls.md"]
        )
    }
}
