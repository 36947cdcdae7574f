import ProxyCore
import Routing
import Settings
import struct NIOConcurrencyHelpers.NIOLockedValueBox
import Synchronization

/// Counts the downstream connections of all event loops, and says when there are too many:
/// all in all, or of one client. Any thread.
final class ConnectionGate: Sendable {
    enum Entry {
        case entered
        /// There are as many connections as there may be.
        case full
        /// The client has as many as it may have.
        case clientFull
    }

    private let limit: Atomic<Int>
    /// `Int.max`: none.
    private let limitPerClient: Atomic<Int>
    /// Clients are counted one by one, now or earlier: their connections have to leave.
    private let counts: Atomic<Bool>
    private let open = Atomic<Int>(0)
    /// Only clients that have a connection, and only those that came while there was a limit for each.
    private let clients = NIOLockedValueBox<[IPAddress: Int]>([:])

    init(_ limits: Limits) {
        self.limit = Atomic(limits.connections ?? .max)
        self.limitPerClient = Atomic(limits.connectionsPerClient ?? .max)
        self.counts = Atomic(limits.connectionsPerClient != nil)
    }

    /// Other limits, for connections that come from now on. Those that came while there was no
    /// limit for each client are not counted for theirs.
    func set(_ limits: Limits) {
        if limits.connectionsPerClient != nil { counts.store(true, ordering: .relaxed) }
        limit.store(limits.connections ?? .max, ordering: .relaxed)
        limitPerClient.store(limits.connectionsPerClient ?? .max, ordering: .relaxed)
    }

    /// How many are in.
    var count: Int { open.load(ordering: .relaxed) }

    /// Lets a connection in, or not; who is let in has to `leave`.
    func enter(_ peer: IPAddress) -> Entry {
        guard open.wrappingAdd(1, ordering: .relaxed).newValue <= limit.load(ordering: .relaxed) else {
            open.wrappingSubtract(1, ordering: .relaxed)
            return .full
        }
        let limitPerClient = limitPerClient.load(ordering: .relaxed)
        guard limitPerClient != .max else { return .entered }
        let taken = clients.withLockedValue { clients in
            let count = clients[peer, default: 0]
            guard count < limitPerClient else { return false }
            clients[peer] = count + 1
            return true
        }
        guard taken else {
            open.wrappingSubtract(1, ordering: .relaxed)
            return .clientFull
        }
        return .entered
    }

    func leave(_ peer: IPAddress) {
        open.wrappingSubtract(1, ordering: .relaxed)
        guard counts.load(ordering: .relaxed) else { return }
        clients.withLockedValue { clients in
            guard let count = clients[peer] else { return }
            clients[peer] = count > 1 ? count - 1 : nil
        }
    }
}
