import Logging
import Names
import NIOConcurrencyHelpers
import NIOCore

/// Tells operators when a tier publishes that a name is down, and that it is up again. Bounded as `HealthLog` is.
final class PublishedHealthLog: Sendable {
    /// Names that are known to be down at a time; further ones are not logged.
    static let maxDown = 10_000

    private struct State {
        var down: Set<String> = []
        var budget = LineBudget()
    }

    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// In order.
    func update(_ update: NameTableUpdate, now: NIODeadline = .now()) {
        state.withLockedValue { state in
            let names = update.changed ?? state.down.union(update.table.knownNames)
            for name in names {
                let addresses = update.table.lookUp(name).resolved?.addresses ?? []
                let isDown = addresses.contains { $0.health == .down }
                guard isDown != state.down.contains(name) else { continue }
                if isDown {
                    guard state.down.count < Self.maxDown else { continue }
                    state.down.insert(name)
                } else {
                    state.down.remove(name)
                    // An endpoint that has gone or is no longer checked is not reported as up.
                    guard addresses.contains(where: { $0.health == .up }) else { continue }
                }
                log(name, isDown: isDown, &state.budget, now: now)
            }
        }
    }

    private func log(_ name: String, isDown: Bool, _ budget: inout LineBudget, now: NIODeadline) {
        guard case .write(let omitted) = budget.take(now: now) else { return }
        var metadata: Logger.Metadata = [
            "target": "\(name)", "from": "\(isDown ? "up" : "down")", "to": "\(isDown ? "down" : "up")",
            "cause": "published",
        ]
        if omitted > 0 { metadata["omitted"] = "\(omitted)" }
        logger.log(
            level: isDown ? .warning : .notice,
            "the health of a target changed",
            metadata: metadata
        )
    }
}
