/// A request whose spans are sent.
package struct TracedRequest: Sendable {
    package let trace: TraceContext
    package let request: KeptRequest
}

/// Takes traced requests from all loops, and sends them. It never makes a loop wait.
package protocol TraceSink: Sendable {
    /// - Parameter endpoint: the collector's URL.
    func add(_ requests: [TracedRequest], to endpoint: String)
    /// Nothing follows: sends what is there, within a bound.
    func end() async
}

/// The traced requests of one event loop, on their way to the sink. Used on its loop alone.
package final class TraceLog {
    /// So many are given to the sink at once.
    private static let batch = 64

    private let sink: any TraceSink
    private var requests: [TracedRequest] = []
    private var endpoint = ""

    package init(_ sink: any TraceSink) {
        self.sink = sink
    }

    func add(_ request: TracedRequest, to endpoint: String) {
        if self.endpoint != endpoint { flush() }
        self.endpoint = endpoint
        requests.append(request)
        if requests.count >= Self.batch { flush() }
    }

    /// Called about four times a second and at the end.
    package func flush() {
        guard !requests.isEmpty else { return }
        sink.add(requests, to: endpoint)
        requests.removeAll(keepingCapacity: true)
    }
}
