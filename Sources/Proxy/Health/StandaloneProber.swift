package import Balancing
import EpollLoop
import NIOCore
import ProxyCore
package import Routing

/// Probes endpoints for a command, without a tier: an event loop of its own.
package final class StandaloneProber: Sendable {
    private let loop: EpollLoop
    private let prober: NIOLoopBoundBox<HealthProber>

    /// - Throws: a text where the system refuses a loop.
    package init() throws {
        let loop = try EpollLoop()
        try loop.start(name: "berth-probes")
        self.loop = loop
        prober = NIOLoopBoundBox.makeBoxSendingValue(
            Self.prober(on: loop),
            eventLoop: loop
        )
        _ = loop.scheduleRepeatedTask(initialDelay: DataPathConstants.tick, delay: DataPathConstants.tick) {
            [prober] _ in
            prober.value.tick(now: loop.now) { _ in false }
        }
    }

    private static func prober(on loop: EpollLoop) -> sending HealthProber {
        let prober = HealthProber(SharedEndpoints(), seed: 0) { loop.now }
        prober.connect = { endpoint, timeout, done in
            UpstreamConnector.connect(to: endpoint, loop: loop, timeout: timeout, done: done)
        }
        return prober
    }

    package func probe(_ endpoint: Endpoint, _ check: HealthCheck) async -> ProbeResult {
        let prepared = PreparedCheck(check, of: endpoint)
        let ending = try? await loop.flatSubmit { [loop, prober] in
            let promise = loop.makePromise(of: CheckRun.Ending.self)
            prober.value.probe(prepared) { promise.succeed($0) }
            return promise.futureResult
        }.get()
        return ProbeResult(ending)
    }

    package func shutDown() async {
        try? await loop.submit { [prober] in prober.value.stop() }.get()
        await withCheckedContinuation { continuation in loop.stop { continuation.resume() } }
    }
}
