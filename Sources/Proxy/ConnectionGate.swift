import Routing
import Synchronization

/// Counts the downstream connections of all event loops, and says when there are too many:
/// all in all, or of one client. Any thread.
final class ConnectionGate: Sendable {
    private let limit: Int
    private let limitPerClient: Int?
    private let open = Atomic<Int>(0)
    /// Only clients that have a connection, and only where there is a limit for each.
    private let clients = Mutex<[IPAddress: Int]>([:])

    init(_ limits: Limits) {
        self.limit = limits.connections ?? .max
        self.limitPerClient = limits.connectionsPerClient
    }

    /// Lets a connection in, or not; who is let in has to `leave`.
    func enter(_ peer: IPAddress) -> Bool {
        guard open.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            open.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        guard let limitPerClient else { return true }
        let taken = clients.withLock { clients in
            let count = clients[peer, default: 0]
            guard count < limitPerClient else { return false }
            clients[peer] = count + 1
            return true
        }
        if !taken { open.wrappingSubtract(1, ordering: .relaxed) }
        return taken
    }

    func leave(_ peer: IPAddress) {
        open.wrappingSubtract(1, ordering: .relaxed)
        guard limitPerClient != nil else { return }
        clients.withLock { clients in
            guard let count = clients[peer] else { return }
            clients[peer] = count > 1 ? count - 1 : nil
        }
    }
}
