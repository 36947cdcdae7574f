import Balancing
import Settings
import HTTP1
package import NIOCore
import Routing

/// How an exchange ends: well, with a response of Berth's own, or broken off.
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

    /// Gives the client a response of Berth's own.
    func respond(_ response: LocalResponse, closes: Bool = false) {
        var response = response
        if let changes = facts.route.decision?.changes(status: response.status, isError: facts.failure != nil)
        {
            response.apply(changes)
        }
        facts.status = response.status
        facts.responded = context.now
        machine.respondedLocally()
        facts.bytesOut = UInt64(UInt(bitPattern: downstream?.sendLocal(response, closes: closes) ?? 0))
        finish()
    }

    /// Gives the client a response that explains the failure.
    func respond(_ failure: Failure) {
        note(failure)
        upstream?.cancel()
        upstream = nil
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
            places.leave(now: context.now)
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

    /// Sends a request of Berth itself, which no rule decides about.
    func begin(_ head: borrowing RequestHead, _ source: ByteBuffer, to forward: Forward, now: NIODeadline) {
        begin(
            ExchangeMachine(requestComplete: true, idempotent: true, now: now),
            method: head.method,
            now: now
        )
        facts.readFields(head, source, &context.random)
        do throws(Failure) {
            let decision = CachedDecision(.forwarding(forward))
            facts.route.decision = decision
            guard let connection = downstream?.connection, let target = decision.forwarding else {
                throw Failure(.internal)
            }
            try self.forward(head, source, connection, target)
        } catch {
            fail(error)
        }
    }

    /// A response has begun and cannot be completed, or nobody reads it: only closing says so.
    func abort(_ failure: Failure) {
        note(failure)
        if facts.status == 0 { facts.status = failure.status }
        end()
        downstream?.abort()
    }

    /// The endpoint is certainly not one of the target's any longer: its name has gone, or leads elsewhere.
    func isWithdrawn(_ upstream: Upstream) -> Bool {
        context.stages.isWithdrawn(upstream, facts.route)
    }

    /// Waits no longer for an endpoint whose name has gone: not for a connection to it, and not for a response where its
    /// machine is gone, too. An endpoint that drains goes on.
    ///
    /// - Returns: whether it was left.
    func leavesWithdrawnEndpoint() -> Bool {
        guard let used = facts.upstream, isWithdrawn(used) else { return false }
        if machine.isConnecting {
            perform(machine.endpointWithdrawn(now: context.now))
            return true
        }
        guard let upstream, !upstream.peerResponds() else { return false }
        upstream.cancel()
        upstreamLost(Failure(.upstreamTimeout))
        return true
    }

    /// The tier shuts down and its time is over.
    package func drainExpired() {
        if let tunnel {
            recordTunnel()
            tunnel.close()
            downstream?.abort()
            return
        }
        guard isActive else { return }
        perform(machine.drainExpired())
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
        places.leave(now: context.now)
        leavePage()
        charge(Failure(.downstreamClosed))
        upstream?.cancel()
        upstream = nil
        tunnel?.close()
        tunnel = nil
        downstream = nil
    }

    private func end() {
        record()
        isActive = false
        leaveWaits()
        places.leave(now: context.now)
        leavePage()
        upstream?.cancel()
        upstream = nil
    }

    /// No error page is wanted any longer.
    private func leavePage() {
        facts.pageFetch?.cancel()
        facts.pageFetch = nil
    }

    /// The exchange waits for no name and no target any longer.
    private func leaveWaits() {
        if let wait = facts.nameWait {
            facts.nameWait = nil
            context.names?.remove(wait)
        }
        if let wait = facts.holdWait {
            facts.holdWait = nil
            context.holds.remove(wait)
        }
    }

    /// What shows an operator that a request failed: its id; empty where the exchange serves another one by now.
    func evidence(of serial: UInt64) -> String {
        isActive && self.serial == serial ? String(buffer: facts.requestID) : ""
    }

    /// The endpoint failed after the connection was there: the attempt is charged to it.
    func charge(_ failure: Failure) {
        guard let endpoint = upstream?.upstream.shared, let began = facts.connected else { return }
        // It may close a connection that idles, and a request may come too late to notice.
        let isStale = facts.reused && failure.reason == .connectionReset && !machine.hasResponseBytes
        guard failure.side == .upstream, !isStale else {
            return endpoint.requestAbandoned(began: began, now: context.now)
        }
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

    private func note(_ failure: Failure) {
        charge(failure)
        facts.failure = failure
        if isObserved { context.counters.failures[failure.reason, default: 0] &+= 1 }
    }

    /// Where Berth did not connect to: for the log alone, no client sees it.
    private var prohibitedEndpoint: Endpoint? {
        guard facts.failure?.reason == .prohibitedAddress else { return nil }
        return facts.route.pool?.resolution.prohibited.first?.endpoint
    }

    func record() {
        guard isObserved, let log = context.log, let downstream else { return }
        let peer = downstream.connection.peer
        log.record(
            ExchangeRecord(
                client: facts.route.client ?? peer,
                peer: peer,
                method: facts.logFields.methodBytes,
                target: facts.logFields.targetBytes,
                host: facts.logFields.hostBytes,
                version: downstream.protocolName,
                referer: facts.logFields.refererBytes,
                userAgent: facts.logFields.userAgentBytes,
                requestID: facts.requestID,
                decision: facts.route.decision?.decision,
                endpoint: facts.upstream?.endpoint ?? prohibitedEndpoint,
                status: facts.status,
                failure: facts.failure,
                bytesIn: downstream.requestBodyBytes &+ (tunnel?.bytesUp ?? 0),
                bytesOut: facts.bytesOut,
                start: facts.start,
                connected: facts.connected,
                responded: facts.responded,
                end: context.now,
                reused: facts.reused,
                retried: machine.wasRetried
            )
        )
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
            if let tunnelUpstream, isWithdrawn(tunnelUpstream) { tunnel.checkUpstream() }
            let timeouts = context.settings.timeouts
            return tunnel.tick(now: now, idle: timeouts.tunnel, accept: timeouts.upstream)
        }
        guard isActive, let downstream else { return }
        if let fetch = facts.pageFetch { return fetch.tick(now: now) }
        if leavesWithdrawnEndpoint() { return }
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

    /// Gives the buffers back: an idle connection holds nothing that it does not need.
    package func releaseBuffers() {
        outgoing = ByteBuffer()
        facts = ExchangeFacts(start: facts.start)
    }
}
