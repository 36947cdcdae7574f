import Balancing
import Metrics
import Settings
package import HTTP1
package import NIOCore
import Names
import Routing

/// How an exchange ends: well, with a response of Berth's own, or broken off; and how a wait of it does.
extension Exchange {
    /// The response has been written: record it, and let the downstream go on.
    func finish() {
        downstream?.flushResponse()
        // Writing may have found the client gone, which ends the exchange.
        guard isActive else { return }
        machine.finished()
        end()
        downstream?.exchangeEnded(requestComplete: machine.request == .complete)
    }

    /// Begins and fails: a head that cannot be read, or does not arrive in time.
    package func refuse(_ failure: Failure, method: MethodKind, now: NIODeadline) {
        begin(ExchangeMachine(requestComplete: true, idempotent: false, now: now), method: method, now: now)
        RequestID.make(&context.random, into: &facts.requestID)
        fail(failure)
    }

    /// Gives the client a response of Berth's own.
    func respond(_ response: LocalResponse, closes: Bool = false) {
        var response = response
        if let changes = facts.route.decision?.changes(status: response.status, isError: facts.failure != nil)
        {
            response.apply(changes)
        }
        facts.status = response.status
        facts.responded = context.now
        facts.tap?.response(response, hasBody: facts.method != .head)
        machine.respondedLocally()
        facts.bytesOut = UInt64(UInt(bitPattern: downstream?.sendLocal(response, closes: closes) ?? 0))
        finish()
    }

    /// Gives the client a response that explains the failure.
    func respond(_ failure: Failure) {
        note(failure)
        leaveUpstream()
        var plain = LocalResponse.failure(
            failure,
            tier: context.settings,
            requestID: String(buffer: facts.requestID),
            representation: facts.prefersJSON ? .json : .html
        )
        if !machine.wasSent, failure.reason.mayEndElsewhere, downstream?.connection.trusted == true {
            plain.fields.append(UnsentMark.field(failure.reason))
        }
        // Where the bytes could not be understood, nothing after them can be either.
        let closes = failure.side == .downstream
        let page = context.stages.rules.errorPage(
            facts.route.decision,
            cause: failure.reason.rawValue,
            status: failure.status
        )
        respond(plain, as: page, closes: closes)
    }

    /// Gives the client a page in place of `plain`, if there is one.
    func respond(_ plain: LocalResponse, as page: FrozenErrorPage?, closes: Bool) {
        switch page?.content {
        case nil:
            respond(plain, closes: closes)
        case .file(let file)?:
            respond(plain.showing(file, status: page?.status), closes: closes)
        case .target(let forward)?:
            guard let request = facts.pageRequest, let downstream else {
                return respond(plain, closes: closes)
            }
            // From here on only the client's end can end the exchange in another way.
            machine.respondedLocally()
            leaveWaits()
            leavePlaces()
            let fetch = PageFetch(context: context, connection: downstream.connection)
            facts.pageFetch = fetch
            fetch.start(forward, request, requestID: facts.requestID) { [self] fetched in
                facts.pageFetch = nil
                respond(fetched.map { plain.showing($0, status: page?.status) } ?? plain, closes: closes)
            }
        }
    }

    /// Keeps what the request for an error page would need: the head is gone when one is wanted.
    func prepareErrorPage(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        guard context.stages.rules.fetchesPages(facts.route.decision) else { return }
        facts.pageRequest = PageRequest(head, source)
    }

    /// A response has begun and cannot be completed, or nobody reads it: only closing says so.
    func abort(_ failure: Failure) {
        note(failure)
        if facts.status == 0 { facts.status = failure.status }
        end()
        downstream?.abort(resets: failure.reason == .draining)
    }

    /// The endpoint is certainly not one of the target's any longer: its name has gone, or leads elsewhere.
    func isWithdrawn(_ upstream: Upstream) -> Bool {
        context.stages.isWithdrawn(upstream, facts.route)
    }

    /// Waits no longer for an endpoint whose name has gone: not for a connection to it, and not for a response where its
    /// machine is gone, too. An endpoint that drains goes on.
    ///
    /// - Returns: whether it was left.
    private func leaveWithdrawnEndpoint() -> Bool {
        if machine.isConnecting {
            perform(machine.endpointWithdrawn(now: context.now))
            return true
        }
        guard let upstream, !upstream.peerResponds() else { return false }
        upstream.cancel()
        upstreamLost(Failure(.upstreamTimeout))
        return true
    }

    // MARK: The end of what drains

    /// - Parameter isWithdrawn: the endpoint is no longer one of the target's.
    private func isDrainOver(isWithdrawn: Bool, now: NIODeadline) -> Bool {
        let (timeouts, isWebSocket) = (context.settings.timeouts, tunnel?.isWebSocket == true)
        let flags = facts.upstream?.shared.flags ?? []
        return facts.drain.isOver(
            endpointDrains: isWithdrawn || !flags.isDisjoint(with: [.drains, .administrativelyDown]),
            time: isWebSocket ? timeouts.drainWebSocket ?? timeouts.drain : timeouts.drain,
            tierEnd: isWebSocket ? context.drainEnd?.webSockets : context.drainEnd?.requests,
            now: now
        )
    }

    /// The tier or the endpoint drains, and the time is over.
    ///
    /// - Parameter isLast: it ends now. Else a WebSocket and an event stream have some time for an orderly end.
    package func drainExpired(isLast: Bool = false) {
        if let tunnel { return end(tunnel, isLast: isLast) }
        guard isActive else { return }
        if endEventStream() { return }
        if !isLast, isEventStream, let since = facts.drain.overSince,
            context.now - since < DataPathConstants.closeTime
        {
            return
        }
        perform(machine.drainExpired())
    }

    private func end(_ tunnel: Tunnel, isLast: Bool) {
        if isActive, facts.failure == nil { note(Failure(.draining)) }
        tunnel.goAway(
            mask: UInt32(truncatingIfNeeded: context.random.next()),
            until: context.now + DataPathConstants.closeTime
        )
        if tunnel.isWebSocket, !isLast { return }
        tunnel.endNow()
        recordTunnel()
        downstream?.abort(resets: false)
    }

    /// The downstream has gone.
    package func downstreamGone() {
        guard isActive else { return }
        // While the head of a 101 was being written.
        if machine.state == .tunnel { return recordTunnel() }
        perform(machine.downstreamGone())
    }

    /// The downstream accepts bytes of the response again.
    package func downstreamBecameWritable() {
        machine.downstreamAccepted(now: context.now)
        upstream?.resumeReading()
    }

    /// The downstream accepted bytes, however few, or there are some now that it has to accept.
    package func downstreamAccepted(now: NIODeadline) {
        machine.downstreamAccepted(now: now)
    }

    /// The downstream has closed: nothing refers to it any longer.
    package func detach() {
        isActive = false
        leaveWaits()
        leavePlaces()
        leavePage()
        charge(Failure(.downstreamClosed))
        leaveUpstream()
        tunnel?.close()
        tunnel = nil
        downstream = nil
    }

    private func end() {
        record()
        isActive = false
        leaveWaits()
        leavePlaces()
        leavePage()
        leaveUpstream()
    }

    /// Nothing more is wanted of the endpoint.
    func leaveUpstream() {
        guard let upstream else { return }
        upstream.cancel()
        self.upstream = nil
    }

    /// No error page is wanted any longer.
    private func leavePage() {
        facts.pageFetch?.cancel()
        facts.pageFetch = nil
    }

    private func leavePlaces() {
        attempt?.keep(&places)
        attempt = nil
        places.leave(now: context.now)
    }

    // MARK: Waits

    func take(_ step: NextStep) throws(Failure) {
        if context.history != nil { note(step) }
        switch step {
        case .connect(let upstream):
            connect(to: upstream)
        case .resolve(let name):
            guard let names = context.names else { throw Failure(.unknownTarget) }
            let deadline = context.now + context.settings.timeouts.resolve
            machine.wait(for: .name, until: deadline, cause: .nameTimeout)
            facts.nameWait = try names.add(self, for: name)
        case .hold(let name, let max):
            machine.wait(for: .start, until: context.now + max, cause: .targetPaused)
            facts.holdWait = try context.holds.add(self, for: name)
        case .place:
            try waitForPlace()
        }
    }

    private func waitForPlace() throws(Failure) {
        guard let pool = facts.route.pool, let queue = pool.queue else { throw Failure(.targetLimit) }
        machine.wait(for: .slot, until: context.now + queue.timeout, cause: .queueTimeout)
        let wait = try context.placeWaits.add(self, at: pool.counter, limit: queue.size)
        facts.placeWait = wait
        // A place that became free just before was reported to nobody.
        if pool.counter.waitingCount == 1 { placeFreed(wait) }
    }

    /// The name that this exchange waits for is known, or will not be.
    func nameResolved(_ lookup: NameLookup, _ wait: NameWait) {
        // One that was served before this one may have ended it.
        guard facts.nameWait == wait else { return }
        facts.nameWait = nil
        goOn { () throws(Failure) in try take(nextStep(after: lookup)) }
    }

    /// The target that this exchange waits for was resumed, or stopped.
    func holdEnded(_ wait: TargetHoldWait) {
        guard facts.holdWait == wait else { return }
        facts.holdWait = nil
        goOn { () throws(Failure) in try take(nextStep()) }
    }

    /// There may be a place for this exchange, which waits for one.
    func placeFreed(_ wait: PlaceWait) {
        guard facts.placeWait == wait else { return }
        goOn { () throws(Failure) in
            context.stages.refresh(facts.route)
            let step: NextStep
            var staysHere = true
            do throws(Failure) {
                guard let upstream = try pickFirst(isWaiting: true) else {
                    return wait.counter.again(wait.number)
                }
                step = .connect(upstream)
            } catch {
                // What takes over has places of its own.
                staysHere = false
                step = try nextTarget(after: error)
            }
            facts.placeWait = nil
            context.placeWaits.remove(wait, hasPlace: staysHere)
            try take(step)
        }
    }

    private func goOn(_ step: () throws(Failure) -> Void) {
        do throws(Failure) { try step() } catch { fail(error) }
        downstream?.resumeRequest()
    }

    /// The exchange waits for nothing any longer.
    private func leaveWaits() {
        if let wait = facts.nameWait {
            facts.nameWait = nil
            context.names?.remove(wait)
        }
        if let wait = facts.holdWait {
            facts.holdWait = nil
            context.holds.remove(wait)
        }
        if let wait = facts.placeWait {
            facts.placeWait = nil
            context.placeWaits.remove(wait, hasPlace: false)
        }
    }

    /// The endpoint failed after the connection was there: the attempt is charged to it.
    func charge(_ failure: Failure) {
        guard let endpoint = upstream?.upstream.shared, let began = facts.connected, !facts.isQuery else {
            return
        }
        // It may close a connection that idles, and a request may come too late to notice.
        let isStale = facts.reused && failure.reason == .connectionReset && !machine.hasResponseBytes
        // It may refuse what its last connection had no time for.
        guard failure.side == .upstream, !isStale, !failure.reason.isUnprocessed else {
            return endpoint.requestAbandoned(began: began, now: context.now)
        }
        if context.metrics != nil { upstream?.upstream.counts.recordFailure() }
        if facts.route.pool?.measure != nil {
            // An endpoint that fails at once must not look like the fastest.
            let time = facts.route.timeouts?.upstream ?? context.settings.timeouts.upstream
            upstream?.upstream.responded(after: time, now: context.now)
        }
        endpoint.requestFailed(
            began: began,
            now: context.now,
            detail: failure.reason.rawValue,
            evidence: String(buffer: facts.requestID)
        )
    }

    func note(_ failure: Failure) {
        charge(failure)
        facts.failure = failure
        if isObserved { context.counters.failures[failure.reason, default: 0] &+= 1 }
    }

    func record() {
        guard isObserved, let downstream else { return }
        if context.countsOrKeeps { keep(downstream) }
        guard context.log != nil || facts.tap != nil else { return }
        let record = ExchangeRecord(of: self, downstream)
        context.log?.record(record)
        facts.tap?.end(record)
        facts.tap = nil
    }

    // MARK: Failures and deadlines

    /// The exchange cannot go on.
    package func fail(_ failure: Failure) {
        guard isActive else { return }
        perform(machine.failed(failure))
    }

    /// Compares the clock with the exchange's deadlines.
    package func tick(now: NIODeadline) {
        if let tunnel {
            outgoing = ByteBuffer()
            let isWithdrawn = tunnelUpstream.map { self.isWithdrawn($0) } == true
            if isWithdrawn { tunnel.checkUpstream() }
            if isDrainOver(isWithdrawn: isWithdrawn, now: now) { drainExpired() }
            let timeouts = context.settings.timeouts
            return tunnel.tick(now: now, idle: timeouts.tunnel, accept: timeouts.upstream)
        }
        guard isActive, let downstream else { return }
        if let fetch = facts.pageFetch { return fetch.tick(now: now) }
        let isWithdrawn = facts.upstream.map { self.isWithdrawn($0) } == true
        if isWithdrawn, leaveWithdrawnEndpoint() { return }
        if isDrainOver(isWithdrawn: isWithdrawn, now: now) { return drainExpired() }
        let timeouts = context.settings.timeouts
        // A response may take hours: what would be sent again, had it not begun, is of no more use.
        if machine.responseHasBegun {
            machine.bodyReleased()
            outgoing = ByteBuffer()
            facts.pageRequest = nil
        }
        if let upstream, upstream.hasProgressed() { machine.upstreamAccepted(now: now) }
        perform(
            machine.tick(
                now: now,
                upstreamBlocked: upstream.map { !$0.isWritable } ?? false,
                downstreamBlocked: !downstream.acceptsResponse,
                upstreamTimeout: facts.route.timeouts?.upstream ?? timeouts.upstream,
                downstreamTimeout: facts.route.timeouts?.downstream ?? timeouts.downstream,
                halfClosedTimeout: downstream.isHalfClosed
                    // A proxy closes both halves at once.
                    ? (downstream.connection.trusted ? .zero : timeouts.halfClosed) : nil
            )
        )
    }
}
