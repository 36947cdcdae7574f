import Bytes
package import HTTP1
package import NIOCore
import Names
import Routing
import Settings

/// One request and its response, between who brought it and who serves it. It knows no socket and no wire format.
///
/// The path of a request, from top to bottom:
///
/// 1. `begin`: head → stages → decision → endpoint
/// 2. `connect`: endpoint → upstream, another endpoint where that fails
/// 3. `sendRequestBody`: the body goes upstream as the upstream accepts it
/// 4. `responseHead`, `responseBody`, `responseEnded`: the response goes back (`+Response`)
/// 5. `finish`: log record, counters, next request (`+End`)
///
/// `ExchangeMachine` decides what an event means; `perform` carries that out.
///
/// A downstream uses one exchange for one request after another. Used on its event loop alone.
package final class Exchange {
    package let context: ExchangeContext
    /// Nil after `detach`: the downstream is gone.
    var downstream: (any ExchangeDownstream)?
    /// The connection that carries the request; nil before and after.
    var upstream: (any ExchangeUpstream)? {
        didSet {
            oldValue?.upstream.requestEnded()
            upstream?.upstream.requestBegan()
        }
    }
    var places = RequestPlaces()
    /// The attempt to connect that is under way for the request.
    var attempt: ConnectAttempt?
    /// Whom the tunnel leads to.
    var tunnelUpstream: Upstream? {
        didSet {
            oldValue?.requestEnded()
            tunnelUpstream?.requestBegan()
        }
    }
    var tunnel: Tunnel?
    package internal(set) var machine: ExchangeMachine
    var facts: ExchangeFacts
    /// What is sent upstream first: the head, and the body where all of it came with the head. Held until a response
    /// begins, as it may be sent again.
    var outgoing = ByteBuffer()
    /// Counts requests, so that what comes late finds nobody.
    package private(set) var serial: UInt64 = 0
    /// Between `begin` and the end of the response.
    package internal(set) var isActive = false {
        didSet { if isObserved { context.counters.activeChanged(from: oldValue, to: isActive) } }
    }
    /// It is counted and logged: it serves a client, not Berth itself.
    let isObserved: Bool

    package init(context: ExchangeContext, isObserved: Bool = true) {
        self.context = context
        self.isObserved = isObserved
        self.machine = ExchangeMachine(requestComplete: true, idempotent: false, now: .uptimeNanoseconds(0))
        self.facts = ExchangeFacts(start: .uptimeNanoseconds(0))
    }

    /// To be called once, before anything else.
    package func attach(to downstream: any ExchangeDownstream) {
        self.downstream = downstream
    }

    // MARK: What a downstream needs of it

    package var method: MethodKind { facts.method }
    /// Why the request failed; nil: it has not.
    var failure: Failure? { facts.failure }
    package var start: NIODeadline { facts.start }
    package var bodyLimit: UInt64? { facts.route.bodyLimit }
    /// Body bytes have a place to go.
    package var acceptsRequestBody: Bool { machine.request == .streaming && upstream?.isWritable == true }
    /// Body bytes are wanted now or later.
    package var awaitsRequestBody: Bool { machine.request == .streaming }
    /// Body bytes have to wait until the upstream accepts more.
    package var isRequestBlocked: Bool { machine.request == .streaming && upstream?.isWritable == false }

    // MARK: The request

    /// Serves a request: evaluates the rules and carries out the decision.
    ///
    /// - Parameters:
    ///   - head: valid only during this call; what is needed later is copied.
    ///   - source: the bytes that `head` was parsed from, at its reader index.
    package func begin(_ head: borrowing RequestHead, _ source: ByteBuffer, now: NIODeadline) {
        begin(
            ExchangeMachine(
                requestComplete: head.framing.isEmpty,
                idempotent: head.idempotent && !head.wantsUpgrade,
                now: now
            ),
            method: head.method,
            now: now
        )
        do throws(Failure) {
            try route(head, source)
        } catch {
            fail(error)
        }
    }

    func begin(_ machine: consuming ExchangeMachine, method: MethodKind, now: NIODeadline) {
        serial &+= 1
        isActive = true
        if isObserved { context.counters.requests &+= 1 }
        self.machine = machine
        facts = ExchangeFacts(start: now, reusing: &facts)
        facts.method = method
        leaveUpstream()
        tunnel = nil
    }

    /// Sends a request of Berth itself, which no rule decides about.
    func begin(_ head: borrowing RequestHead, _ source: ByteBuffer, to forward: Forward, now: NIODeadline) {
        begin(
            ExchangeMachine(requestComplete: true, idempotent: true, now: now),
            method: head.method,
            now: now
        )
        facts.readFields(head, source, &context.random)
        do throws(Failure) {
            let decision = context.stages.decision(to: forward)
            facts.route.decision = decision
            guard let connection = downstream?.connection, let target = decision.forwarding else {
                throw Failure(.internal)
            }
            try context.stages.note(head, source, from: connection, into: &facts.route)
            try self.forward(head, source, connection, target)
        } catch {
            fail(error)
        }
    }

    private func route(_ head: borrowing RequestHead, _ source: ByteBuffer) throws(Failure) {
        guard let connection = downstream?.connection else { throw Failure(.internal) }
        facts.wantsUpgrade = head.wantsUpgrade
        if head.wantsUpgrade, let field = head.first(.upgrade) {
            let value = source.readableBytesUInt8Span.extracting(field.value.indices)
            facts.requestedProtocols = [UInt8](copying: value)
        }
        facts.readFields(head, source, &context.random)
        if let tracing = context.settings.tracing { beginTrace(head, source, tracing) }
        if context.isLogging {
            facts.logFields.copy(head, source)
        } else if context.history != nil {
            facts.logFields.copyLine(head, source)
        }
        if context.log != nil || context.history != nil {
            context.stages.noteClient(head, source, from: connection, into: &facts.route)
        }
        if let metrics = context.metrics { facts.isExcluded = metrics.excludes(head, source) }
        var untraced: RouteTrace?
        do throws(Failure) {
            try context.stages.route(head, source, from: connection, into: &facts.route, trace: &untraced)
        } catch {
            decided(head, source, connection)
            throw error
        }
        decided(head, source, connection)
        guard let decision = facts.route.decision else { throw Failure(.internal) }
        if let target = decision.forwarding {
            return try forward(head, source, connection, target)
        }
        switch decision.decision.outcome {
        case .forward: throw Failure(.internal)
        case .redirect(let status, let location):
            respond(.redirect(status: status, location: location))
        case .respond where decision.decision.rule == nil && answerQuery(head, source, connection): break
        case .respond(let status, let contentType, let body):
            var response = LocalResponse.respond(status: status, contentType: contentType, body: body)
            // The recipient of OPTIONS is Berth itself.
            if decision.decision.rule == nil { response.fields = [LocalResponse.allow] }
            respond(response)
        case .refuse(let refusal): throw Failure(refusal)
        }
    }

    func forward(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ target: ForwardTarget
    ) throws(Failure) {
        let step = try nextStep()
        outgoing.clear()
        HTTP1RequestHeadWriter(
            connection: connection,
            via: context.stages.rules.viaLine(head.version),
            requestID: facts.requestID,
            kept: context.stages.rules.settings.keptFields,
            client: facts.route.identity,
            trace: facts.trace
        ).write(head, from: source, edits: target.edits, into: &context.headText)
        context.headText.move(to: &outgoing)
        if facts.trace != nil { noteTraceOffset(target.edits) }
        try takeSmallBody()
        try take(step)
    }

    /// - Parameter lookup: the result of a wait for the target's name; nil: none was needed yet.
    func nextStep(after lookup: NameLookup? = nil) throws(Failure) -> NextStep {
        do throws(Failure) {
            // Also after a wait: at the start of a tier, a registry may have stopped or paused the target meanwhile.
            if !context.holds.isEmpty, let hold = try context.holds.wait(for: facts.route) {
                return .hold(hold.name, hold.max)
            }
            if let lookup {
                try context.stages.resolve(&facts.route, with: lookup)
            } else if let name = try context.stages.resolve(&facts.route) {
                return .resolve(name)
            }
            return try pickFirst().map { .connect($0) } ?? .place
        } catch {
            return try nextTarget(after: error)
        }
    }

    /// - Throws: `failure`, where no target takes over.
    func nextTarget(after failure: Failure) throws(Failure) -> NextStep {
        guard context.stages.failOver(&facts.route, after: failure) else { throw failure }
        places.leave(now: context.now)
        return try nextStep()
    }

    /// The first endpoint to try, where the target may have one more request; nil: the request has to wait for a place.
    ///
    /// - Parameter isWaiting: it does already, and it is its turn.
    func pickFirst(isWaiting: Bool = false) throws(Failure) -> Upstream? {
        guard let pool = facts.route.pool else { throw Failure(.internal) }
        if let policy = pool.retries ?? (facts.route.hasFailedOver ? .standard : nil) {
            machine.apply(policy, now: context.now)
            if !isWaiting { pool.counter.requestBegan(now: context.now) }
        }
        let limit = context.settings.limits.connectionsPerTarget
        guard places.enter(pool, limit: limit, isWaiting: isWaiting) else {
            guard pool.queue != nil else { throw Failure(.targetLimit) }
            return nil
        }
        do throws(Failure) {
            return try pick()
        } catch {
            guard error.reason == .targetLimit, pool.queue != nil else { throw error }
            places.leaveTarget()
            return nil
        }
    }

    /// An endpoint that was not tried, with a place there.
    private func pick() throws(Failure) -> Upstream {
        // Another loop may be faster where an endpoint has one place left.
        for _ in 0..<DataPathConstants.pickAttempts {
            let upstream = try context.stages.pick(&facts.route, excluding: facts.attempted)
            guard let pool = facts.route.pool, pool.settings != nil else { return upstream }
            let limit = pool.maxConnections(of: upstream)
            if places.enter(upstream.shared, limit: limit, now: context.now) { return upstream }
        }
        throw Failure(.targetLimit)
    }

    // MARK: The upstream connection

    func connect(to upstream: Upstream) {
        facts.upstream = upstream
        if let connection = upstream.checkOut(probing: !machine.maySendAgain, upgrades: offersWebSocket) {
            attach(connection, reused: true)
        } else {
            connectAnew(to: upstream)
        }
    }

    private func connectAnew(to upstream: Upstream) {
        let timeout = facts.route.timeouts?.connect ?? context.settings.timeouts.connect
        noteConnect()
        machine.connecting(until: context.now + timeout)
        let attempt = ConnectAttempt()
        self.attempt = attempt
        context.makeConnection(to: upstream, timeout: timeout, for: self) { [self] result in
            guard self.attempt === attempt else {
                attempt.end(now: context.now)
                // Nobody waits for it any longer; the next request may use it.
                if case .success(let connection) = result {
                    context.upstreams.checkIn(connection, now: context.now)
                }
                return
            }
            self.attempt = nil
            switch result {
            case .success(let connection):
                attach(connection, reused: false)
            case .failure(let failure)
            where failure.reason == .outOfDescriptors && context.upstreams.closeIdle():
                // Some were held by idle connections.
                connectAnew(to: upstream)
            case .failure(let failure):
                perform(machine.connectFailed(failure, now: context.now))
            }
            downstream?.resumeRequest()
        }
    }

    private func attach(_ connection: any ExchangeUpstream, reused: Bool) {
        let now = context.now
        upstream = connection
        places.sent()
        facts.connected = now
        facts.reused = reused
        if reused { beginAttemptSpan() } else { facts.notes?.handshakeBegan = connection.handshakeBegan }
        writeAttemptSpan()
        let isStream = connection.isMultiplexed
        machine.attached(
            reused: reused,
            mayBeRefused: isStream,
            allowsSilence: isStream && facts.isGRPC,
            now: now
        )
        connection.send(outgoing, for: self)
        connection.flush()
    }

    /// Another endpoint than those that were given up.
    func connectNext(after failure: Failure) {
        noteAttempt(failure)
        attempt?.keepEndpoint(of: &places)
        attempt = nil
        charge(failure)
        leaveUpstream()
        if let upstream = facts.upstream { facts.attempted.insert(upstream) }
        if machine.isRepeated, !entersRetry() { return perform(machine.noEndpointLeft(failure)) }
        let target = facts.route.forwarding
        do throws(Failure) {
            let step = try nextEndpoint()
            context.counters.retries &+= 1
            try take(step)
        } catch {
            // Why the target has no endpoint any longer, where that is why it was left.
            let isOther = failure.reason == .unknownTarget || facts.route.forwarding !== target
            perform(machine.noEndpointLeft(isOther ? error : failure))
        }
    }

    private func nextEndpoint() throws(Failure) -> NextStep {
        do throws(Failure) {
            return .connect(try pick())
        } catch {
            return try nextTarget(after: error)
        }
    }

    /// The same endpoint again, on a new connection; if the names have changed, another may have its address by now.
    func reconnect(after failure: Failure) {
        noteAttempt(failure)
        do throws(Failure) {
            let upstream =
                if let used = facts.upstream, context.stages.isCurrent(used, facts.route) { used } else {
                    try pick()
                }
            context.counters.retries &+= 1
            facts.upstream = upstream
            connectAnew(to: upstream)
        } catch {
            fail(failure)
        }
    }

    /// What the machine wants done.
    func perform(_ action: ExchangeMachine.Action) {
        switch action {
        case .none: break
        case .connectNext(let failure):
            connectNext(after: failure)
            downstream?.resumeRequest()
        case .reconnect(let failure): reconnect(after: failure)
        case .respond(let failure): respond(failure)
        case .abort(let failure): abort(failure)
        }
    }

    // MARK: What it keeps

    /// Forgets the last request, and gives back what a large one has needed.
    package func forgetRequest() {
        if outgoing.storageCapacity > DataPathConstants.coalescedBytes { outgoing = ByteBuffer() }
        (facts.route, facts.upstream, facts.pageRequest) = (RequestRoute(), nil, nil)
    }

    /// Gives the buffers back: an idle connection holds nothing that it does not need.
    package func releaseBuffers() {
        outgoing = ByteBuffer()
        facts = ExchangeFacts(start: facts.start)
    }
}
