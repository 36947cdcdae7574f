import Logging
import NIOConcurrencyHelpers
import NIOCore
import ProxyCore
import RegistryClient
import Settings

/// Sends the spans of traced requests to a collector: OTLP over HTTP, in protocol buffers.
///
/// A collector that is slow or down makes nothing wait: spans that find no room are dropped and counted.
final class TraceExport: TraceSink {
    /// Requests in one message.
    private static let batch = 256
    /// How long the collector may take for one.
    private static let timeLimit = Duration.seconds(5)
    /// After a failure.
    private static let pause = Duration.seconds(1)
    /// How long spans are still sent when the tier ends.
    private static let endTime = Duration.seconds(2)
    /// Failures are logged once in so many seconds.
    private static let logPause = Duration.seconds(60)

    private let tier: String
    private let logger: Logger
    private let queue = TraceQueue()
    /// The work; nil before the first span.
    private let work = NIOLockedValueBox<Task<Void, Never>?>(nil)
    private let logged = NIOLockedValueBox<ContinuousClock.Instant?>(nil)

    /// - Parameter tier: `front` or `local`.
    init(tier: String, logger: Logger) {
        self.tier = tier
        self.logger = logger
    }

    /// Requests whose spans were dropped since the start.
    var dropped: UInt64 { queue.dropped }

    func add(_ requests: [TracedRequest], to endpoint: String) {
        queue.add(requests, to: endpoint)
        work.withLockedValue { work in
            if work == nil { work = Task { await run() } }
        }
    }

    func end() async {
        queue.end()
        guard let work = work.withLockedValue({ $0 }) else { return }
        let limit = Task {
            try? await Task.sleep(for: Self.endTime)
            if !Task.isCancelled { work.cancel() }
        }
        await work.value
        limit.cancel()
        queue.dropAll()
        if dropped > 0 {
            logger.notice("spans were dropped", metadata: ["requests": "\(dropped)"])
        }
    }

    private func run() async {
        let client: RegistryHTTPClient
        do throws(RegistryError) { client = try RegistryHTTPClient() } catch {
            return report("\(error)", "-")
        }
        for await _ in queue.arrivals {
            while !Task.isCancelled, let batch = queue.take(Self.batch) {
                guard await send(batch, client) == false else { continue }
                queue.drop(batch.requests.count)
                try? await Task.sleep(for: Self.pause)
            }
        }
        await client.shutDown()
    }

    /// - Returns: whether the collector has taken them.
    private func send(_ batch: TraceQueue.Batch, _ client: RegistryHTTPClient) async -> Bool {
        let body = TraceMessage(batch.requests, tier: tier).bytes
        var request = RegistryRequest(.post, batch.endpoint)
        request.fields = [
            ("content-type", "application/x-protobuf"), ("user-agent", "berth/\(BerthVersion.current)"),
        ]
        request.body = ByteBuffer(bytes: body)
        let problem = await withTaskGroup(of: String?.self) { [request] group in
            group.addTask {
                do {
                    let response = try await client.send(request, limit: 64 << 10)
                    return (200..<300).contains(response.status) ? nil : "status \(response.status)"
                } catch {
                    return "\(error)"
                }
            }
            group.addTask {
                try? await Task.sleep(for: Self.timeLimit)
                return "no response within \(Self.timeLimit)"
            }
            defer { group.cancelAll() }
            return await group.next() ?? "cancelled"
        }
        if let problem { report(problem, batch.endpoint) }
        return problem == nil
    }

    private func report(_ problem: String, _ endpoint: String) {
        let now = ContinuousClock.now
        let isDue = logged.withLockedValue { last in
            if let last, now - last < Self.logPause { return false }
            last = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "the collector does not take spans; they are dropped",
            metadata: ["endpoint": "\(endpoint)", "reason": "\(problem)", "dropped": "\(dropped)"]
        )
    }
}
