package import NIOCore

/// One request and its answer, without sockets: what each event means for the rest.
///
/// The connections tell it what happened and do what it answers. Time is an
/// argument. It decides the four things that are easy to get wrong: whether a
/// request may be sent again, what a failure becomes once an answer has begun,
/// whether each connection may be used again, and whose silence is too long.
package struct ExchangeMachine: Sendable {
    package enum Request: Sendable { case streaming, complete }
    package enum Answer: Sendable { case awaited, streaming, complete }
    package enum Link: Sendable, Equatable {
        case none
        case connecting
        case attached(reused: Bool)
        case lost
    }

    package private(set) var request: Request
    package private(set) var answer: Answer = .awaited
    package private(set) var link: Link = .none
    package private(set) var retried = false
    /// Interim answers passed on so far.
    package private(set) var interims = 0

    /// The method may be sent twice (RFC 9110 §9.2.2).
    private let idempotent: Bool
    /// All that was sent upstream is still held, so it can be sent again.
    private var replayable = true
    private var anyAnswerByte = false
    /// When the upstream last gave or took something.
    private var upstreamStamp: NIODeadline
    /// When the downstream last gave or took something.
    private var downstreamStamp: NIODeadline

    package init(requestComplete: Bool, idempotent: Bool, now: NIODeadline) {
        self.request = requestComplete ? .complete : .streaming
        self.idempotent = idempotent
        self.upstreamStamp = now
        self.downstreamStamp = now
    }

    /// Whether a stale connection would go unnoticed: the request could be sent again.
    package var maySendAgain: Bool { idempotent && request == .complete }

    // MARK: What the upstream did

    package mutating func connecting() {
        link = .connecting
    }

    package mutating func attached(reused: Bool, now: NIODeadline) {
        link = .attached(reused: reused)
        upstreamStamp = now
        anyAnswerByte = false
    }

    /// Bytes came from the upstream.
    package mutating func upstreamSpoke(now: NIODeadline) {
        anyAnswerByte = true
        upstreamStamp = now
    }

    /// The upstream took bytes, or was given some to take.
    package mutating func upstreamTook(now: NIODeadline) {
        upstreamStamp = now
    }

    /// An interim answer came; false when there were too many of them.
    package mutating func interimAnswer(limit: Int) -> Bool {
        interims += 1
        return interims <= limit
    }

    package mutating func answerBegan() {
        answer = .streaming
    }

    package mutating func answerEnded() {
        answer = .complete
    }

    /// The answer that has begun is none, and nothing of it went on.
    package mutating func answerWithdrawn() {
        answer = .awaited
    }

    // MARK: What the downstream did

    package mutating func downstreamSpoke(now: NIODeadline) {
        downstreamStamp = now
    }

    package mutating func downstreamTook(now: NIODeadline) {
        downstreamStamp = now
    }

    /// Body bytes went upstream that are not held any more.
    package mutating func bodyLeft() {
        replayable = false
    }

    package mutating func requestEnded() {
        request = .complete
    }

    // MARK: What follows

    /// What a lost upstream means.
    package enum Loss: Equatable, Sendable {
        /// Send the request again on a new connection: the old one was stale.
        case retry
        /// No answer has begun: give the client this one.
        case answer(Failure)
        /// An answer has begun and can't be completed: the client must see it break off.
        case breakOff(Failure)
        /// Nothing is owed any more.
        case nothing
    }

    /// The upstream connection ended, or never came to be.
    ///
    /// A request is sent again once, and only where the connection had been used
    /// before, nothing of an answer came, all that was sent is at hand, and the
    /// method may be repeated (RFC 9112 §9.3.1).
    package mutating func upstreamLost(_ failure: Failure) -> Loss {
        defer { link = .lost }
        switch answer {
        case .complete:
            return .nothing
        case .streaming:
            return .breakOff(Failure(.responseIncomplete, cause: failure))
        case .awaited:
            if link == .attached(reused: true), !anyAnswerByte, !retried, replayable, idempotent {
                retried = true
                return .retry
            }
            return .answer(failure)
        }
    }

    /// Whose silence is too long.
    package enum Overdue: Equatable, Sendable {
        case downstream
        case upstream
    }

    /// Looks at the clock.
    ///
    /// - Parameters:
    ///   - upstreamBlocked: bytes wait for the upstream to take them.
    ///   - downstreamBlocked: bytes wait for the downstream to take them.
    package func overdue(
        now: NIODeadline,
        upstreamBlocked: Bool,
        downstreamBlocked: Bool,
        upstreamTimeout: TimeAmount,
        downstreamTimeout: TimeAmount
    ) -> Overdue? {
        let upstreamLate = now - upstreamStamp >= upstreamTimeout
        let downstreamLate = now - downstreamStamp >= downstreamTimeout
        // A connection that is being made has a timeout of its own.
        guard case .attached = link else { return nil }
        if downstreamBlocked {
            return downstreamLate ? .downstream : nil
        }
        if upstreamBlocked {
            return upstreamLate ? .upstream : nil
        }
        switch (request, answer) {
        case (.streaming, .awaited):
            return downstreamLate ? .downstream : nil
        case (.streaming, _):
            // Both may speak: only when neither does is the exchange stuck.
            guard upstreamLate, downstreamLate else { return nil }
            return .downstream
        case (.complete, _):
            return upstreamLate ? .upstream : nil
        }
    }
}
