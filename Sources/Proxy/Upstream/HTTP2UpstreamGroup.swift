import HTTP2
import NIOCore
import ProxyCore
import Routing
import Transports

/// The HTTP/2 connections of one event loop to one endpoint, and the requests that wait for one.
///
/// Requests that come while a connection is being made wait for it. There are as many connections as the peer's limit of
/// streams demands. Used on its event loop alone.
final class HTTP2UpstreamGroup: MultiplexedUpstream {
    private struct Waiter {
        /// The request changes to WebSocket.
        let upgrades: Bool
        let timeout: TimeAmount
        let dial: UpstreamDial
        let done: (Result<any ExchangeUpstream, Failure>) -> Void
    }

    /// Which protocol the endpoint has chosen; only where it can choose (`https`).
    private enum Choice {
        case unknown, http2, http1
        /// It has chosen HTTP/2, and then demanded the other.
        case http1Demanded
    }

    /// Who owns it.
    private unowned let upstream: Upstream
    private unowned let worker: Worker
    private var connections: [HTTP2UpstreamConnection] = []
    private var connecting = 0
    private var waiters: [Waiter] = []
    private var choice = Choice.unknown
    private var isServing = false
    private var isServePlanned = false
    /// Streams that the last connection allowed.
    private var streamsEach = DataPathConstants.upstreamStreams

    init(of upstream: Upstream, worker: Worker) {
        self.upstream = upstream
        self.worker = worker
    }

    private var canChoose: Bool { upstream.link.scheme == .https }

    // MARK: MultiplexedUpstream

    var isEmpty: Bool { connections.isEmpty && connecting == 0 }

    func openStream(probing: Bool, upgrades: Bool) -> (any ExchangeUpstream)? {
        guard choice != .http1Demanded else { return nil }
        for connection in connections where connection.hasRoom {
            if upgrades, connection.acceptsWebSocket != true { continue }
            if probing, connection.isIdle, connection.hasPendingInput { continue }
            return connection.reserve()
        }
        return nil
    }

    func tick(now: NIODeadline, idleTimeout: TimeAmount) {
        for connection in connections { connection.tick(now: now, idleTimeout: idleTimeout) }
    }

    func closeIdle() -> Bool {
        let idle = connections.filter(\.isIdle)
        for connection in idle { connection.endInOrder() }
        return !idle.isEmpty
    }

    // MARK: Requests

    /// A stream, or a connection of HTTP/1 where the endpoint has chosen that.
    func connect(
        upgrades: Bool,
        timeout: TimeAmount,
        dial: @escaping UpstreamDial,
        done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        if let stream = openStream(probing: false, upgrades: upgrades) { return done(.success(stream)) }
        guard waiters.count < DataPathConstants.streamWaiters else {
            return done(.failure(Failure(.targetLimit)))
        }
        waiters.append(Waiter(upgrades: upgrades, timeout: timeout, dial: dial, done: done))
        serve()
    }

    /// There may be a place for a request that waits. It gets it at the end of the loop's round: here another exchange is at
    /// work, perhaps with what the loop's exchanges share.
    func placeFreed() {
        guard !waiters.isEmpty, !isServePlanned else { return }
        isServePlanned = true
        later { group in
            group.isServePlanned = false
            if !group.waiters.isEmpty { group.serve() }
        }
    }

    /// At the end of the loop's round.
    private func later(_ task: @escaping (HTTP2UpstreamGroup) -> Void) {
        // All of them belong to this loop; the group lives as long as the upstream.
        nonisolated(unsafe) let (group, upstream, task) = (self, upstream, task)
        worker.loop.execute { withExtendedLifetime(upstream) { task(group) } }
    }

    /// Gives those that wait what there is, and makes connections for the rest.
    private func serve() {
        // A request that gets a stream may free another.
        guard !isServing else { return }
        isServing = true
        var index = 0
        while index < waiters.count {
            guard let result = result(for: waiters[index]) else {
                index += 1
                continue
            }
            waiters.remove(at: index).done(result)
        }
        isServing = false
        while let waiter = waiters.first(where: { !awaitsSettings($0) }), connecting < wantedConnections {
            make(with: waiter)
        }
    }

    private func result(for waiter: Waiter) -> Result<any ExchangeUpstream, Failure>? {
        if let stream = openStream(probing: false, upgrades: waiter.upgrades) { return .success(stream) }
        // Another connection of it would not accept it either.
        guard waiter.upgrades, !canChoose, connections.contains(where: { $0.acceptsWebSocket == false })
        else {
            return nil
        }
        return .failure(Failure(.upgradeFailed, "the target does not accept WebSocket over HTTP/2"))
    }

    private func awaitsSettings(_ waiter: Waiter) -> Bool {
        waiter.upgrades && connections.contains(where: \.awaitsSettings)
    }

    /// Connections that should be under way.
    private var wantedConnections: Int {
        let count = waiters.count { !awaitsSettings($0) }
        return (count + requestsEach - 1) / requestsEach
    }

    /// Requests that a connection which is being made can serve at a time, as far as is known.
    private var requestsEach: Int {
        switch choice {
        case .http1, .http1Demanded: 1
        case .unknown, .http2: streamsEach
        }
    }

    /// The peer has said how many streams it allows.
    func allows(streams: Int) {
        streamsEach = max(1, min(streams, DataPathConstants.upstreamStreams))
        placeFreed()
    }

    // MARK: Connections

    private func make(with waiter: Waiter) {
        connecting += 1
        // Such a request needs a connection of its own, unless it may be a stream's.
        let needsHTTP1 = canChoose && waiter.upgrades && connections.contains { $0.acceptsWebSocket == false }
        let offersHTTP2 = choice != .http1Demanded && !needsHTTP1
        var isAtOnce = true
        // The upstream lives until then.
        waiter.dial(upstream, offersHTTP2, waiter.timeout) { [self, upstream] result in
            // An exchange is at work, and others wait for the same connection.
            if isAtOnce, case .failure(let failure) = result {
                return later { group in
                    group.connecting -= 1
                    group.fail(failure)
                }
            }
            connecting -= 1
            switch result {
            case .success(let transport) where canChoose && transport.stream.negotiatedProtocol != "h2":
                takeHTTP1(transport, isChosen: offersHTTP2)
            case .success(let transport): takeHTTP2(transport)
            case .failure(let failure): fail(failure)
            }
            withExtendedLifetime(upstream) {}
        }
        isAtOnce = false
    }

    private func takeHTTP2(_ transport: UpstreamTransport) {
        if choice != .http1Demanded { choice = .http2 }
        do throws(HTTP2Failure) {
            let connection = try HTTP2UpstreamConnection(
                to: upstream,
                of: self,
                worker: worker,
                over: transport
            )
            connections.append(connection)
            connection.begin()
        } catch {
            transport.stream.close()
            return fail(Failure(.internal))
        }
        serve()
    }

    /// The first that waits for such a connection gets it.
    ///
    /// - Parameter isChosen: the endpoint could have chosen HTTP/2.
    private func takeHTTP1(_ transport: UpstreamTransport, isChosen: Bool) {
        if isChosen, choice != .http1Demanded { choice = .http1 }
        let connection = worker.upstreamConnection(to: upstream, over: transport)
        // A request for WebSocket may have caused it.
        if let index = waiters.firstIndex(where: \.upgrades) ?? waiters.indices.first {
            waiters.remove(at: index).done(.success(connection))
        } else {
            worker.context.upstreams.checkIn(connection, now: worker.now)
        }
        serve()
    }

    /// Those fail that have waited for this connection, and for no other that is under way.
    private func fail(_ failure: Failure) {
        let failed = waiters.prefix(max(0, waiters.count - connecting * requestsEach))
        waiters.removeFirst(failed.count)
        for waiter in failed { waiter.done(.failure(failure)) }
    }

    /// - Parameter failure: why it ended before its peer had said anything; nil: it had.
    func remove(_ connection: HTTP2UpstreamConnection, failure: Failure?) {
        connections.removeAll { $0 === connection }
        guard let failure else { return }
        let failed = waiters.filter(\.upgrades)
        waiters.removeAll(where: \.upgrades)
        for waiter in failed { waiter.done(.failure(failure)) }
    }

    /// The endpoint demands HTTP/1.1 for what it was sent.
    ///
    /// - Returns: whether it can have it.
    func requireHTTP1() -> Bool {
        guard canChoose else { return false }
        choice = .http1Demanded
        return true
    }
}
