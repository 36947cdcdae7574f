package import NIOCore

/// How long each wait may last.
extension ExchangeMachine {
    /// Compares the clock with the deadline of whatever the exchange waits for.
    ///
    /// - Parameters:
    ///   - upstreamBlocked: bytes wait for the upstream to accept them.
    ///   - downstreamBlocked: bytes wait for the downstream to accept them.
    ///   - halfClosedTimeout: how long a downstream that has closed its half is believed to read a response of which
    ///     nothing comes; nil where it has not closed it.
    package mutating func tick(
        now: NIODeadline,
        upstreamBlocked: Bool,
        downstreamBlocked: Bool,
        upstreamTimeout: TimeAmount,
        downstreamTimeout: TimeAmount,
        halfClosedTimeout: TimeAmount? = nil
    ) -> Action {
        if let halfClosedTimeout, now - max(upstreamActivity, downstreamActivity) >= halfClosedTimeout {
            return downstreamLeft()
        }
        switch state {
        case .deciding, .finishing, .tunnel, .done:
            return .none
        case .waiting(_, let deadline, let cause):
            return now >= deadline ? failed(Failure(cause)) : .none
        case .connecting(_, let deadline):
            return now >= deadline ? connectFailed(Failure(.connectTimeout), now: now) : .none
        case .sending, .streaming:
            let upstreamLate = now - upstreamActivity >= upstreamTimeout
            let downstreamLate = now - downstreamActivity >= downstreamTimeout
            if downstreamBlocked { return downstreamLate ? failed(downstreamSilence) : .none }
            if allowsSilence, !upstreamBlocked { return .none }
            if upstreamBlocked || request == .complete {
                return upstreamLate ? upstreamSilent(now: now) : .none
            }
            // After the response has begun both may send: the exchange is stuck only when neither does.
            if state == .streaming, !upstreamLate { return .none }
            return downstreamLate ? failed(downstreamSilence) : .none
        }
    }

    private mutating func upstreamSilent(now: NIODeadline) -> Action {
        let failure = Failure(.upstreamTimeout)
        guard case .sending = state, mayRepeat(after: failure) else { return failed(failure) }
        wasRetried = true
        isRepeated = true
        return connectNext(after: failure, now: now)
    }

    private var downstreamSilence: Failure {
        Failure(request == .streaming ? .requestTimeout : .downstreamStalled)
    }
}
