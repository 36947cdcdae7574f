package import Balancing
import EpollLoop
import HTTP2
import NIOCore
package import ProxyCore
package import Routing
import TLS

/// Probes endpoints for a command, without a tier: an event loop of its own.
package final class StandaloneProber: Sendable {
    private let loop: EpollLoop
    private let prober: NIOLoopBoundBox<HealthProber>

    /// - Parameter security: of targets with `https`.
    /// - Throws: a text where the system refuses a loop.
    package init(_ security: UpstreamSecurity = UpstreamSecurity()) throws {
        let loop = try EpollLoop()
        try loop.start(name: "berth-probes")
        self.loop = loop
        prober = NIOLoopBoundBox.makeBoxSendingValue(
            Self.prober(on: loop, security),
            eventLoop: loop
        )
        _ = loop.scheduleRepeatedTask(initialDelay: DataPathConstants.tick, delay: DataPathConstants.tick) {
            [prober] _ in
            prober.value.tick(now: loop.now) { _ in false }
        }
    }

    private static func prober(on loop: EpollLoop, _ security: UpstreamSecurity) -> sending HealthProber {
        let connector = SecureConnector(
            security: security,
            memory: TLSMemory(),
            http2: HTTP2Memory(),
            loop: loop
        )
        let prober = HealthProber(SharedEndpoints(), seed: 0) { loop.now }
        prober.connect = { endpoint, link, timeout, done in
            connector.connectForCheck(to: endpoint, over: link, timeout: timeout, done: done)
        }
        return prober
    }

    package func probe(
        _ endpoint: Endpoint,
        _ check: HealthCheck,
        over link: UpstreamLink = .http
    ) async -> ProbeResult {
        let prepared = PreparedCheck(check, of: endpoint, over: link)
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
