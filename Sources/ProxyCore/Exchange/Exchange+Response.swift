import Balancing
package import HTTP1
package import NIOCore
import Routing
import Transports

/// The response on its way back: called by the upstream.
extension Exchange {
    /// What a response's head makes of the upstream connection.
    package enum AfterHead {
        /// Another head follows.
        case interim
        /// The body follows, which may be empty.
        case body(BodyForm)
        /// Another protocol follows: hand the transport over with `startTunnel`.
        case tunnel
        /// The exchange is over: it has failed.
        case over
    }

    /// The request offers to change to WebSocket.
    package var offersWebSocket: Bool {
        guard facts.wantsUpgrade else { return false }
        let requested = facts.requestedProtocols
        return UpgradeProtocol.namesWebSocket(requested.span)
    }

    /// The upstream accepts more of the request.
    package func upstreamBecameWritable() {
        machine.upstreamAccepted(now: context.now)
        // The downstream's time to send the next bytes begins when they are wanted.
        if downstream?.isRequestPaused == true { machine.downstreamSent(now: context.now) }
        downstream?.resumeRequest()
    }

    /// Bytes arrived from the upstream.
    package func upstreamSent() {
        machine.upstreamSent(now: context.now)
    }

    /// The upstream's connection ended before its response was complete, or its response is invalid.
    package func upstreamLost(_ failure: Failure) {
        guard isActive else { return }
        charge(failure)
        upstream = nil
        perform(machine.upstreamLost(failure, now: context.now))
    }

    package func responseHead(_ head: borrowing ResponseHead, _ source: ByteBuffer) -> AfterHead {
        if head.isInterim { return interim(head, source) }
        if !head.isUpgrade, head.status < 300, downstream?.requiresUpgrade == true {
            // What changed nothing in HTTP/1 would be a tunnel in HTTP/2 (RFC 8441 §5).
            perform(machine.failed(Failure(.upgradeFailed, "the target did not switch to the protocol")))
            return .over
        }
        let isUnsent =
            head.status >= 400 && facts.route.pool?.retries?.trustsTier == true
            && UnsentMark.isIn(head, source)
        noteResult(status: head.status, isUnsent: isUnsent)
        if head.status >= 400 {
            if repeatRequest(insteadOf: head.status, isUnsent: isUnsent) || replaceResponse(head, source) {
                return .over
            }
        }
        let action = machine.responseBegan(
            isUnsent: upstream?.hasUnsentRequest == true,
            switchesProtocols: head.isUpgrade,
            wasRequested: head.isUpgrade && wasRequested(head, source)
        )
        guard action == .none, let downstream else {
            perform(action)
            return .over
        }
        facts.status = head.status
        facts.responded = context.now
        if head.isUpgrade {
            facts.isWebSocket = UpgradeProtocol.isWebSocket(head, source.readableBytesUInt8Span)
        }
        let isEventStream = head.canEndAnywhere && head.isEventStream(source.readableBytesUInt8Span)
        facts.events = isEventStream ? EventBoundary() : nil
        let form = downstream.sendHead(head, source, changes: changes(of: head, source))
        facts.tap?.response(head, source, form: form)
        return head.isUpgrade ? .tunnel : .body(form)
    }

    /// A response began: what its endpoint is worth. A status after which requests are sent again is a failure.
    ///
    /// - Parameter isUnsent: the endpoint is a tier that has sent the request nowhere. A container that is down is not a
    ///   failure of its host.
    private func noteResult(status: Int, isUnsent: Bool) {
        guard let used = facts.upstream, let began = facts.connected, !facts.isQuery else { return }
        if facts.route.pool?.measure == .header {
            used.responded(after: context.now - began, now: context.now)
        }
        if !isUnsent, facts.route.pool?.retries?.includes(status: status) == true {
            used.shared.requestFailed(
                began: began,
                now: context.now,
                detail: "\(status)",
                evidence: String(buffer: facts.requestID)
            )
        } else {
            used.shared.requestSucceeded(
                began: began,
                now: context.now,
                evidence: String(buffer: facts.requestID)
            )
        }
    }

    /// What shows an operator that a request failed: its id; empty where the exchange serves another one by now.
    func evidence(of serial: UInt64) -> String {
        isActive && self.serial == serial ? String(buffer: facts.requestID) : ""
    }

    /// Sends the request to another endpoint, where there is one and the target's settings say so. The response is
    /// discarded with its connection.
    private func repeatRequest(insteadOf status: Int, isUnsent: Bool) -> Bool {
        let now = context.now
        guard isUnsent ? machine.mayRepeatUnsent(now: now) : machine.mayRepeat(status: status, now: now),
            let used = facts.upstream,
            context.stages.hasOther(than: used, facts.attempted, facts.route), entersRetry()
        else { return false }
        noteDiscarded(status)
        perform(machine.responseDiscarded(isUnsent: isUnsent, now: now))
        return true
    }

    /// Whether the request may be sent again: others of its target that are may take too large a share already.
    func entersRetry() -> Bool {
        guard let pool = facts.route.pool, let policy = pool.retries else { return true }
        return places.enterRetry(pool.counter, percent: policy.budget, now: context.now)
    }

    /// Gives the client a page in place of the response, where the rules say so. The endpoint's connection closes:
    /// what it still sends is nobody's.
    ///
    /// - Returns: whether there is one.
    private func replaceResponse(_ head: borrowing ResponseHead, _ source: ByteBuffer) -> Bool {
        let rules = context.stages.rules
        guard let page = rules.errorPage(facts.route.decision, cause: nil, status: head.status) else {
            return false
        }
        let plain = LocalResponse.replacing(head, source)
        leaveUpstream()
        respond(plain, as: page, closes: false)
        return true
    }

    /// What changes in the response; nil: nothing.
    private func changes(of head: borrowing ResponseHead, _ source: ByteBuffer) -> ResponseChanges? {
        let changes = ruleChanges(of: head, source)
        let assignment = facts.route.choice?.assignment
        let binding: (name: [UInt8], value: [UInt8])? =
            if let pool = facts.route.pool, pool.isSticky, let used = facts.upstream {
                pool.stickyField(facts.route, to: used)
            } else {
                nil
            }
        guard assignment != nil || binding != nil else { return changes }
        var extended = changes ?? ResponseChanges()
        if let assignment { extended.append(assignment) }
        if let binding { extended.append(binding) }
        return extended
    }

    private func ruleChanges(of head: borrowing ResponseHead, _ source: ByteBuffer) -> ResponseChanges? {
        guard let decision = facts.route.decision, let edits = decision.response,
            var changes = decision.changes(status: head.status, isError: false)
        else { return nil }
        if edits.rewritesURLs, let endpoint = facts.upstream?.endpoint {
            changes.rewriteURLs(of: head, source, edits, from: endpoint, scratch: context.stages.scratch)
        }
        return changes.isEmpty ? nil : changes
    }

    /// Whether the protocol that a 101 switches to is one that the request offered.
    private func wasRequested(_ head: borrowing ResponseHead, _ source: ByteBuffer) -> Bool {
        let requested = facts.requestedProtocols
        return UpgradeProtocol.isGranted(head, source.readableBytesUInt8Span, requested: requested.span)
    }

    private func interim(_ head: borrowing ResponseHead, _ source: ByteBuffer) -> AfterHead {
        let action = machine.interimResponse()
        guard action == .none else {
            perform(action)
            return .over
        }
        downstream?.sendInterim(head, source)
        return .interim
    }

    /// The downstream accepts bytes of the response.
    package var acceptsResponse: Bool { downstream?.acceptsResponse ?? true }

    /// The response is an event stream: between two events it may end.
    package var isEventStream: Bool { facts.events != nil }

    package func responseBody(_ source: ByteBuffer, _ range: ByteRange) {
        facts.events?.append(source.readableBytesUInt8Span.extracting(range.indices))
        facts.tap?.responseBody(source.readableBytesUInt8Span.extracting(range.indices))
        downstream?.sendBody(source, range)
    }

    /// A field line that may pass on arrived after a body in the form `content`.
    package func responseTrailer(_ source: ByteBuffer, _ line: ByteRange) {
        downstream?.sendTrailer(source, line)
    }

    /// All that one read brought has been passed on.
    ///
    /// - Parameter bodyBytes: of the whole body so far, without framing.
    package func responseBodyPassed(bodyBytes: UInt64) {
        facts.bytesOut = bodyBytes
        downstream?.sendCollected()
        if facts.drain.overSince != nil { _ = endEventStream() }
    }

    package func flushResponse() {
        downstream?.flushResponse()
    }

    /// The body that follows the head is invalid: the client gets a failure where nothing of the response was sent.
    ///
    /// - Parameter bodyBytes: of the whole body so far, without framing.
    package func responseInvalid(_ failure: Failure, bodyBytes: UInt64) {
        guard isActive else { return }
        if downstream?.rollBackHead() == true {
            machine.responseRolledBack()
            facts.tap?.responseRolledBack()
        } else {
            // What came before the error still goes out: nothing may stay in the buffer that all exchanges share.
            responseBodyPassed(bodyBytes: bodyBytes)
            flushResponse()
        }
        upstreamLost(failure)
    }

    /// The response is complete.
    package func responseEnded() {
        guard isActive, let upstream else { return }
        if facts.route.pool?.measure == .lastByte, let began = facts.connected {
            upstream.upstream.responded(after: context.now - began, now: context.now)
        }
        downstream?.sendEnd()
        // An endpoint that did not grant an upgrade may still read what follows in another way.
        let mayBeReused = machine.responseEnded() && !facts.wantsUpgrade
        self.upstream = nil
        if mayBeReused, upstream.isReusable {
            context.upstreams.checkIn(upstream, now: context.now)
        } else {
            upstream.close()
        }
        finish()
    }

    /// Ends an event stream between two events.
    ///
    /// - Returns: whether it has ended.
    func endEventStream() -> Bool {
        guard isActive, machine.state == .streaming, facts.events?.isBetweenEvents == true else {
            return false
        }
        note(Failure(.draining))
        leaveUpstream()
        _ = machine.responseEnded()
        downstream?.sendEnd()
        finish()
        return true
    }

    // MARK: After 101

    /// Joins both sides; the upstream has passed its transport on.
    package func startTunnel(_ upstreamEnd: TunnelEnd) {
        upstream = nil
        guard isActive, let downstream, let downstreamEnd = downstream.releaseTransport() else {
            return upstreamEnd.transport.close()
        }
        let tunnel = Tunnel(
            downstream: downstreamEnd,
            upstream: upstreamEnd,
            isWebSocket: facts.isWebSocket,
            owner: self,
            clock: { [context] in context.now }
        )
        self.tunnel = tunnel
        tunnelUpstream = facts.upstream
        tunnel.start()
    }
}

/// What is taken out of a request for later.
extension Exchange {
    /// The rules have decided, or have refused the request: what later needs the head is taken out of it.
    func decided(_ head: borrowing RequestHead, _ source: ByteBuffer, _ connection: ConnectionInfo) {
        prepareErrorPage(head, source)
        // A remembered decision has it.
        if !context.isLogging, facts.route.decision?.isOfOneHost != true, context.countsOrKeeps {
            facts.logFields.copyHost(head, source)
        }
        guard let tap = context.tap, let policy = facts.route.decision?.decision.rule?.tap else { return }
        context.stages.noteClient(head, source, from: connection, into: &facts.route)
        facts.tap = tap.begin(policy, head, source, id: facts.requestID)
    }

    /// Takes the whole body where it is small and has arrived.
    func takeSmallBody() throws(Failure) {
        let headBytes = outgoing.readableBytes
        guard machine.request == .streaming, try downstream?.takeSmallBody(into: &outgoing) == true else {
            return
        }
        machine.requestEnded()
        facts.tap?.requestBody(outgoing, after: headBytes)
    }
}

extension Exchange: TunnelOwner {
    package func tunnelEnded(_ ending: Tunnel.Ending) {
        recordTunnel()
        switch ending {
        case .upstreamClosed:
            let inputEnded = tunnel?.downstreamInputEnded ?? true
            tunnel = nil
            downstream?.tunnelEnded(inputEnded: inputEnded)
        case .downstreamClosed, .timedOut, .goneAway: break
        }
    }

    package func tunnelClosed() {
        downstream?.abort(resets: false)
    }

    func recordTunnel() {
        guard isActive else { return }
        machine.tunnelEnded()
        if let tunnel { facts.bytesOut &+= tunnel.bytesDown }
        record()
        isActive = false
        places.leave(now: context.now)
        tunnelUpstream = nil
    }

    /// Bytes of the body have arrived.
    ///
    /// - Parameter passed: some of them are sent on now.
    package func requestBodyArrived(passed: Bool) {
        let now = context.now
        machine.downstreamSent(now: now)
        if passed { machine.upstreamAccepted(now: now) }
    }

    /// Sends a part of the body. Where the target's settings allow it to be sent again, it is held up to a bound.
    package func sendRequestBody(_ bytes: ByteBuffer) {
        facts.tap?.requestBody(bytes)
        if outgoing.readableBytes &+ bytes.readableBytes <= machine.heldBytes {
            outgoing.writeImmutableBuffer(bytes)
        } else {
            machine.bodyReleased()
        }
        upstream?.sendBody(bytes)
    }

    package func requestEnded() {
        machine.requestEnded()
    }

    package func flushRequest() {
        upstream?.flush()
    }
}
