import NIOConcurrencyHelpers
import NIOCore
import Proxy

/// The connections to the admin interface, or to metrics: bounded, and ended with their server. Any thread.
final class ControlConnections: Sendable {
    /// To each of them: it closes, now or after the response that its client waits for.
    struct End: Sendable {}

    /// How long responses may take at the end.
    static let patience = TimeAmount.seconds(1)

    private let limit: Int
    private let perClient: Int
    /// Nil: they have been ended.
    private let open = NIOLockedValueBox<[ObjectIdentifier: any Channel]?>([:])

    /// - Parameters:
    ///   - limit: connections at a time.
    ///   - perClient: … of one address.
    init(limit: Int, perClient: Int = .max) {
        self.limit = limit
        self.perClient = perClient
    }

    /// - Returns: false: there are too many, or the server has ended.
    func enter(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let peer = channel.remoteAddress?.ipAddress
        let isServed = open.withLockedValue { open in
            guard let others = open?.values, others.count < limit else { return false }
            if let peer, others.count(where: { $0.remoteAddress?.ipAddress == peer }) >= perClient {
                return false
            }
            open?[id] = channel
            return true
        }
        if isServed {
            channel.closeFuture.whenComplete { [open] _ in open.withLockedValue { $0?[id] = nil } }
        }
        return isServed
    }

    /// Ends all of them.
    func end() async {
        let all = open.withLockedValue { open in
            defer { open = nil }
            return open.map { Array($0.values) } ?? []
        }
        for channel in all {
            channel.pipeline.fireUserInboundEventTriggered(End())
            let deadline = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in deadline.cancel() }
        }
        for channel in all { try? await channel.closeFuture.get() }
    }
}
