package import NIOCore

/// One request and its response, without I/O: what each event means, and how long each wait may last.
///
/// An `Exchange` reports events by calling methods, and carries out the action that a method returns. Time is an
/// argument. The machine holds what is easy to get wrong: whether a request may be sent again, what a failure becomes
/// once a response has begun, and who has been silent for too long.
package struct ExchangeMachine: ~Copyable {
    /// What an exchange can wait for before it connects.
    package enum Wait: Sendable, CaseIterable {
        /// The endpoints of a name.
        case name
        /// An inspection's verdict.
        case verdict
        /// An endpoint that is being started.
        case start
        /// A free place at an endpoint.
        case slot
    }

    package enum State: Sendable, Equatable {
        /// The rules decide.
        case deciding
        /// When `until` is reached, the exchange fails with `cause`.
        case waiting(for: Wait, until: NIODeadline, cause: Failure.Reason)
        /// The `attempt`-th connection is being made.
        case connecting(attempt: Int, until: NIODeadline)
        /// The request is on its way, and the response is awaited.
        case sending(reused: Bool)
        /// The response is on its way.
        case streaming
        /// The response is complete; its last bytes are being written.
        case finishing
        /// Another protocol passes both ways.
        case tunnel
        case done
    }

    /// How much of the request has arrived.
    package enum Request: Sendable { case streaming, complete }

    package enum Action: Equatable, Sendable {
        case none
        /// Connect to an endpoint that was not tried yet; without one, report `noEndpointLeft`.
        case connectNext(after: Failure)
        /// Send the request again, on a new connection to the same endpoint: the old one was stale.
        case reconnect(after: Failure)
        /// No response has begun: the client gets this failure's.
        case respond(Failure)
        /// A response has begun, or nobody reads one: break off.
        case abort(Failure)
    }

    package internal(set) var state = State.deciding
    package private(set) var request: Request
    /// The request was sent again after a connection that had carried it failed.
    package internal(set) var wasRetried = false
    /// It had been sent to an endpoint that was then given up.
    package internal(set) var isRepeated = false
    /// It was sent again on a new connection in place of a stale one.
    private var wasReconnected = false
    private var retries = RetryPolicy.standard
    /// No other attempt begins from then on.
    private var lastRetry = NIODeadline.distantFuture
    /// Endpoints that were given up.
    private var givenUp = 0
    /// Interim responses (1xx) so far.
    private var interims = 0
    /// Connections that were begun, a stale one's successor included.
    package private(set) var attempts = 0
    /// The method may be repeated (RFC 9110 §9.2.2).
    private let isIdempotent: Bool
    /// Some of the request was sent to an endpoint.
    package private(set) var wasSent = false
    /// … before the attempt that is under way.
    private var wasSentBefore = false
    /// How often an endpoint has refused the request before it read anything of it.
    private var refusals = 0
    /// The upstream may still refuse the request in that way.
    private var mayBeRefused = false
    /// Silence alone is no failure: something else watches whether the upstream is alive.
    var allowsSilence = false
    /// All that was sent upstream is still held, so it can be sent again.
    private var isReplayable = true
    /// The response began before its endpoint had the whole request: it may not read the rest.
    private var isEarly = false
    /// The upstream has sent something since it was attached.
    private(set) var hasResponseBytes = false
    /// When the upstream last sent or accepted bytes.
    var upstreamActivity: NIODeadline
    /// When the downstream last sent or accepted bytes.
    var downstreamActivity: NIODeadline

    package init(requestComplete: Bool, idempotent: Bool, now: NIODeadline) {
        self.request = requestComplete ? .complete : .streaming
        self.isIdempotent = idempotent
        self.upstreamActivity = now
        self.downstreamActivity = now
    }

    /// A stale connection would do no harm: the request could be sent again.
    package var maySendAgain: Bool { isIdempotent && request == .complete }

    package var responseHasBegun: Bool {
        switch state {
        case .streaming, .tunnel: true
        case .deciding, .waiting, .connecting, .sending, .finishing, .done: false
        }
    }

    /// When the request is sent again, as its target has it.
    package mutating func apply(_ policy: RetryPolicy, now: NIODeadline) {
        retries = policy
        if let time = policy.totalTime { lastRetry = now + time }
    }

    /// So many bytes of the request are held to be sent again, also of a body that arrives piece by piece.
    package var heldBytes: Int {
        guard isReplayable else { return 0 }
        let kept = isIdempotent || retries.trustsTier ? retries.bodyBytes : 0
        return mayBeRefused ? max(kept, DataPathConstants.refusableBytes) : kept
    }

    // MARK: Before there is a connection

    /// The exchange waits, until `deadline` at most.
    package mutating func wait(for wait: Wait, until deadline: NIODeadline, cause: Failure.Reason) {
        state = .waiting(for: wait, until: deadline, cause: cause)
    }

    /// A connection is being made.
    package var isConnecting: Bool {
        if case .connecting = state { true } else { false }
    }

    /// The attempt of this number is the one under way.
    package func isConnecting(_ attempt: Int) -> Bool {
        if case .connecting(attempt, _) = state { true } else { false }
    }

    /// A connection is being made, until `deadline` at most.
    package mutating func connecting(until deadline: NIODeadline) {
        attempts &+= 1
        state = .connecting(attempt: attempts, until: deadline)
    }

    /// The connection could not be made. No byte of the request has been sent: any method may go elsewhere.
    package mutating func connectFailed(_ failure: Failure, now: NIODeadline) -> Action {
        guard case .connecting = state else { return .none }
        let mayTryAnother = failure.reason.isConnectFailure || failure.reason == .connectionReset
        return mayTryAnother ? connectNext(after: failure, now: now) : failed(failure)
    }

    /// The endpoint that the exchange connects to is no longer one of its target's: nobody waits for it any longer.
    package mutating func endpointWithdrawn(now: NIODeadline) -> Action {
        guard case .connecting = state else { return .none }
        return connectNext(after: Failure(.unknownTarget), now: now)
    }

    mutating func connectNext(after failure: Failure, now: NIODeadline) -> Action {
        guard givenUp < retries.attempts - 1, now < lastRetry else { return failed(failure) }
        givenUp += 1
        return .connectNext(after: failure)
    }

    /// Every endpoint of the target has been tried.
    package mutating func noEndpointLeft(_ failure: Failure) -> Action { failed(failure) }

    // MARK: The upstream

    /// A connection carries the request.
    ///
    /// - Parameters:
    ///   - mayBeRefused: the peer may refuse it before it has read anything of it.
    ///   - allowsSilence: neither side has to send anything for as long as the connection lives.
    package mutating func attached(
        reused: Bool,
        mayBeRefused: Bool = false,
        allowsSilence: Bool = false,
        now: NIODeadline
    ) {
        state = .sending(reused: reused)
        wasSentBefore = wasSent
        wasSent = true
        self.mayBeRefused = mayBeRefused
        self.allowsSilence = allowsSilence
        upstreamActivity = now
        hasResponseBytes = false
    }

    /// Bytes arrived from the upstream.
    package mutating func upstreamSent(now: NIODeadline) {
        hasResponseBytes = true
        upstreamActivity = now
    }

    /// The upstream accepted bytes, or was given some.
    package mutating func upstreamAccepted(now: NIODeadline) {
        upstreamActivity = now
    }

    /// An interim response arrived (RFC 9110 §15.2).
    package mutating func interimResponse() -> Action {
        interims += 1
        guard interims > DataPathConstants.interimAnswers else { return .none }
        return failed(Failure(.invalidResponse, "the target sent too many interim responses"))
    }

    /// The response's head arrived.
    ///
    /// - Parameters:
    ///   - isUnsent: some of the request has not reached the endpoint yet.
    ///   - wasRequested: for a change of protocol (101), whether the request offered this one.
    package mutating func responseBegan(
        isUnsent: Bool = false,
        switchesProtocols: Bool = false,
        wasRequested: Bool = false
    ) -> Action {
        guard switchesProtocols else {
            state = .streaming
            isEarly = request == .streaming || isUnsent
            return .none
        }
        guard wasRequested else { return failed(Failure(.upgradeFailed)) }
        state = .tunnel
        return .none
    }

    /// The response that began turned out to be invalid, and nothing of it has been sent on.
    package mutating func responseRolledBack() {
        state = .sending(reused: false)
    }

    /// The response is complete.
    ///
    /// - Returns: whether its connection may carry another request, as far as this exchange is concerned.
    package mutating func responseEnded() -> Bool {
        state = .finishing
        return request == .complete && !isEarly
    }

    /// The upstream's connection ended before the response was complete.
    ///
    /// A request is sent again to the same endpoint once, and only where the connection had been used before, nothing
    /// of a response arrived, all that was sent is held, and the method may be repeated (RFC 9112 §9.3.1). It is sent
    /// to another endpoint where its target's settings say so.
    ///
    /// One that was refused has certainly not been processed (RFC 9113 §8.7): it is sent again whatever its method is,
    /// to the same endpoint some times, and then to another.
    package mutating func upstreamLost(_ failure: Failure, now: NIODeadline) -> Action {
        switch state {
        case .sending
        where failure.reason.isUnprocessed && !hasResponseBytes && interims == 0 && isReplayable:
            wasRetried = true
            wasSent = wasSentBefore
            refusals += 1
            let most =
                failure.reason == .goneAway ? DataPathConstants.goneAway : DataPathConstants.refusedStreams
            return refusals <= most ? .reconnect(after: failure) : connectNext(after: failure, now: now)
        case .sending(reused: true)
        where failure.reason != .streamReset && !hasResponseBytes && !wasReconnected && isReplayable
            && isIdempotent:
            wasReconnected = true
            wasRetried = true
            return .reconnect(after: failure)
        case .sending where mayRepeat(after: failure):
            wasRetried = true
            isRepeated = true
            return connectNext(after: failure, now: now)
        case .streaming, .tunnel:
            return failed(Failure(.responseIncomplete, cause: failure))
        case .deciding, .waiting, .connecting, .sending:
            return failed(failure)
        case .finishing, .done:
            return .none
        }
    }

    func mayRepeat(after failure: Failure) -> Bool {
        isIdempotent && isReplayable && interims == 0
            && retries.includes(failure, hasResponseBytes: hasResponseBytes)
    }

    /// Whether a response with this status is discarded where another endpoint is left to send the request to.
    package func mayRepeat(status: Int, now: NIODeadline) -> Bool {
        isIdempotent && isReplayable && interims == 0 && request == .complete && now < lastRetry
            && givenUp < retries.attempts - 1 && retries.includes(status: status)
    }

    /// Whether a response is discarded in which the endpoint, another tier, states that it has sent the request nowhere:
    /// whatever the method is.
    package func mayRepeatUnsent(now: NIODeadline) -> Bool {
        retries.trustsTier && isReplayable && interims == 0 && request == .complete && now < lastRetry
            && givenUp < retries.attempts - 1
    }

    /// A response was discarded: see `mayRepeat`, and `mayRepeatUnsent`, after which the endpoint has not failed.
    package mutating func responseDiscarded(isUnsent: Bool = false, now: NIODeadline) -> Action {
        wasRetried = true
        isRepeated = true
        if isUnsent { return connectNext(after: Failure(.endpointsDown), now: now) }
        return connectNext(after: Failure(.connectFailed, "the target responded with an error"), now: now)
    }

    // MARK: The downstream

    /// Bytes of the request arrived.
    package mutating func downstreamSent(now: NIODeadline) {
        downstreamActivity = now
    }

    /// The downstream accepted bytes of the response, or there are some to accept now.
    package mutating func downstreamAccepted(now: NIODeadline) {
        downstreamActivity = now
    }

    /// Body bytes were sent upstream that are not held any longer.
    package mutating func bodyReleased() {
        isReplayable = false
    }

    package mutating func requestEnded() {
        request = .complete
    }

    /// The downstream has closed its half, and nothing came that it could read.
    mutating func downstreamLeft() -> Action {
        switch state {
        case .deciding, .finishing, .tunnel, .done: .none
        case .waiting, .connecting, .sending, .streaming: downstreamGone()
        }
    }

    /// The downstream has gone.
    package mutating func downstreamGone() -> Action {
        switch state {
        case .done, .tunnel: return .none
        case .deciding, .waiting, .connecting, .sending, .streaming, .finishing:
            state = .done
            return .abort(Failure(.downstreamClosed))
        }
    }

    // MARK: The end

    /// The client gets a response of Berth's own.
    package mutating func respondedLocally() {
        state = .finishing
    }

    /// All of the response has been written.
    package mutating func finished() {
        state = .done
    }

    /// The exchange cannot go on.
    package mutating func failed(_ failure: Failure) -> Action {
        switch state {
        case .finishing, .done:
            return .none
        case .streaming, .tunnel:
            state = .done
            return .abort(failure)
        case .deciding, .waiting, .connecting, .sending:
            state = .done
            return .respond(failure)
        }
    }

    /// The tier or the endpoint drains, and the time is over.
    package mutating func drainExpired() -> Action {
        switch state {
        case .done: return .none
        case .deciding, .waiting, .connecting, .sending: return failed(Failure(.draining))
        case .streaming, .finishing, .tunnel: state = .done
        }
        return .abort(Failure(.draining))
    }

    package mutating func tunnelEnded() {
        state = .done
    }
}
