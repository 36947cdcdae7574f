import NIOConcurrencyHelpers
import NIOCore
import Proxy

/// `GET /health` and `GET /ready`: for whoever watches the tier, without a token.
struct HealthControl: Sendable {
    /// The response of `GET /health`.
    struct Health: Codable, Sendable, Equatable {
        var healthy: Bool
        /// Event loops that turn, of all.
        var loopsTurning: Int
        var loops: Int
    }

    /// The response of `GET /ready`.
    struct Ready: Codable, Sendable, Equatable {
        var ready: Bool
        /// An operator has told the tier to end, or it ends.
        var draining: Bool
        /// The name sources that it waits for.
        var waitsFor: [String]
    }

    /// A loop that takes longer than this for what it is given does not turn.
    static let limit = TimeAmount.seconds(5)

    let admin: TierAdmin

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/health", .open, "Whether the process lives and all its event loops turn.") {
                [admin] _ in
                let health = await Self.health(admin.tier.turns(), within: Self.limit)
                var response = ControlResponse.value(health)
                if !health.healthy { response.status = 503 }
                return response
            },
            ControlRoute("GET", "/ready", .open, "Whether the tier takes requests.") { [admin] _ in
                let ready = Ready(
                    ready: admin.isReady,
                    draining: admin.draining.isRequested || admin.readiness?.hasEnded == true,
                    waitsFor: admin.readiness?.waitsFor ?? []
                )
                var response = ControlResponse.value(ready)
                if !ready.ready { response.status = 503 }
                return response
            },
        ]
    }

    /// - Parameter turns: each is done when a loop has turned; a loop that has ended does not count against the tier.
    static func health(_ turns: [EventLoopFuture<Void>], within limit: TimeAmount) async -> Health {
        let turned = NIOLockedValueBox(0)
        let done = NameSources.shared.group.next().makePromise(of: Void.self)
        let timer = done.futureResult.eventLoop.scheduleTask(in: limit) { done.succeed(()) }
        for turn in turns {
            turn.whenComplete { _ in
                let isLast = turned.withLockedValue { turned in
                    turned += 1
                    return turned == turns.count
                }
                if isLast { done.succeed(()) }
            }
        }
        if turns.isEmpty { done.succeed(()) }
        try? await done.futureResult.get()
        timer.cancel()
        let count = turned.withLockedValue { $0 }
        return Health(healthy: count == turns.count, loopsTurning: count, loops: turns.count)
    }
}
