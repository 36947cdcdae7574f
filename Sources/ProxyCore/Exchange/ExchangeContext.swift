package import NIOCore
import Settings

/// Makes a connection to an upstream and calls `done`, at once or later, on the same event loop.
package typealias UpstreamConnect = (
    _ upstream: Upstream,
    _ timeout: TimeAmount,
    _ done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
) -> Void

/// What the exchanges of one event loop share. Nothing of it is shared with another loop, so there is no lock on
/// the request's path.
///
/// `@unchecked Sendable`: made anywhere, and from then on used on `loop` alone.
package final class ExchangeContext: @unchecked Sendable {
    package let loop: any EventLoop
    package var settings: TierSettings
    package let stages: RequestStages
    package let upstreams: Upstreams
    /// Nil: names that the table does not hold are unknown.
    package let names: NameWaits?
    /// The targets that an operator has paused or stopped.
    package let holds = TargetHolds()
    /// The requests that wait for places at their targets.
    package let placeWaits: PlaceWaits
    /// Receives a record of each exchange; nil: no log.
    package let log: (any ExchangeLog)?
    /// Keeps the last requests for operators, or for traces alone; nil: nobody needs them.
    package var history: RequestHistory?
    /// Counts exchanges; nil: nobody reads metrics. To be set before the first request.
    package var metrics: LoopMetrics?
    /// Records what rules tap; nil: nothing is recorded. To be set before the first request.
    package var tap: Tap?
    /// Takes the requests whose spans are sent; nil: no span is. To be set before the first request.
    package var traceLog: TraceLog?
    /// Answers queries of trusted peers; nil: they get no answer.
    package var queryResponder: TierQueryResponder?
    /// To be set before the first request.
    package var connect: UpstreamConnect = { _, _, done in done(.failure(Failure(.internal))) }
    /// … for a request that changes to WebSocket; nil: as for any other.
    package var connectForWebSocket: UpstreamConnect?
    package var random: Random
    /// The head that is being written.
    package var headText = HeadText()
    package var clock = WallClock()
    package var counters = Counters()
    /// The tier shuts down: no connection serves another request.
    package var isDraining = false
    /// … but for one that has not been told so by its last response: it may send one more.
    package var keepsIdle = false
    /// A connection without a request closes.
    package var endsIdle: Bool { isDraining && !keepsIdle }
    /// When what still runs is ended then; nil: not before the tier stops.
    package var drainEnd: DrainEnd?

    package init(
        loop: any EventLoop,
        settings: TierSettings,
        stages: RequestStages,
        upstreams: Upstreams,
        names: NameWaits?,
        log: (any ExchangeLog)?,
        random: Random
    ) {
        self.loop = loop
        self.settings = settings
        self.stages = stages
        self.upstreams = upstreams
        self.names = names
        self.placeWaits = PlaceWaits(loop: loop)
        self.log = log
        self.random = random
    }

    /// Makes a connection, and keeps track of whether its endpoint can be reached.
    ///
    /// - Parameters:
    ///   - exchange: whose request it is for; nil: a probe.
    func makeConnection(
        to upstream: Upstream,
        timeout: TimeAmount,
        for exchange: Exchange? = nil,
        _ done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        upstream.shared.connecting(now: now)
        upstreams.connectBegan(to: upstream)
        let serial = exchange?.serial ?? 0
        let connect = exchange?.offersWebSocket == true ? connectForWebSocket ?? connect : connect
        connect(upstream, timeout) { [self] result in
            // After `done`: a request that goes on counts all the time.
            defer { upstream.connectEnded() }
            if case .failure = result { metrics?.connectFailed(to: upstream) }
            switch result {
            case .success:
                upstream.shared.connected(now: now)
                metrics?.connected()
            case .failure(let failure)
            where failure.reason.isConnectFailure || failure.reason == .connectionReset:
                upstream.shared.connectFailed(
                    now: now,
                    detail: failure.reason.rawValue,
                    evidence: exchange?.evidence(of: serial) ?? ""
                )
            // Not the endpoint's fault, such as a lack of descriptors, or not a matter of connecting.
            case .failure: upstream.shared.connectAbandoned(now: now)
            }
            done(result)
        }
    }

    /// Called four times a second.
    package func tick(now: NIODeadline) {
        clock.refresh()
        stages.tick(now: now)
        placeWaits.tick()
        for upstream in upstreams.tick(now: now, probes: !isDraining) {
            makeConnection(to: upstream, timeout: settings.timeouts.connect) { [self] result in
                if case .success(let connection) = result { upstreams.checkIn(connection, now: self.now) }
            }
        }
        log?.flush()
        metrics?.tick(now: now)
        traceLog?.flush()
    }

    /// All fields of a request are needed that the access log has.
    var isLogging: Bool { log != nil || tap != nil }

    /// Requests are counted, or kept.
    var countsOrKeeps: Bool { metrics != nil || history != nil }

    /// The loop's time: a test's loop has its own.
    package var now: NIODeadline { loop.now }
}
