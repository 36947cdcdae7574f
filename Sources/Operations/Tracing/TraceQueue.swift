import NIOConcurrencyHelpers
import ProxyCore

/// Traced requests on their way to the collector, of all loops: bounded, what finds no room is dropped and counted.
final class TraceQueue: Sendable {
    /// Requests that wait at most.
    static let maxWaiting = 4096

    struct Batch: Sendable {
        let endpoint: String
        let requests: [TracedRequest]
    }

    private struct State {
        var batches: [Batch] = []
        var waiting = 0
        var dropped: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())
    private let arrived = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Any thread; never waits but for another that does the same.
    func add(_ requests: [TracedRequest], to endpoint: String) {
        state.withLockedValue { state in
            let room = max(0, Self.maxWaiting - state.waiting)
            let taken = requests.count <= room ? requests : Array(requests.prefix(room))
            state.dropped &+= UInt64(requests.count - taken.count)
            guard !taken.isEmpty else { return }
            state.batches.append(Batch(endpoint: endpoint, requests: taken))
            state.waiting += taken.count
        }
        arrived.continuation.yield()
    }

    /// Requests to one collector, the oldest first.
    func take(_ limit: Int) -> Batch? {
        state.withLockedValue { state in
            guard let endpoint = state.batches.first?.endpoint else { return nil }
            var requests: [TracedRequest] = []
            var used = 0
            for batch in state.batches {
                guard batch.endpoint == endpoint,
                    requests.isEmpty || requests.count + batch.requests.count <= limit
                else { break }
                requests += batch.requests
                used += 1
            }
            state.batches.removeFirst(used)
            state.waiting -= requests.count
            return Batch(endpoint: endpoint, requests: requests)
        }
    }

    /// Requests whose spans were not sent.
    var dropped: UInt64 { state.withLockedValue { $0.dropped } }

    func drop(_ count: Int) {
        state.withLockedValue { $0.dropped &+= UInt64(count) }
    }

    /// Nobody sends what waits.
    func dropAll() {
        state.withLockedValue { state in
            state.dropped &+= UInt64(state.waiting)
            (state.batches, state.waiting) = ([], 0)
        }
    }

    /// Ends when nothing follows.
    var arrivals: AsyncStream<Void> { arrived.stream }

    func end() { arrived.continuation.finish() }
}
