import Balancing
import NIOCore
import Testing

@testable import ProxyCore

@Suite struct ExchangeMachineTests {
    // MARK: Every cause

    /// How each cause of docs/errors.md comes about.
    private static func events(_ reason: Failure.Reason) -> (complete: Bool, events: [ExchangeEvent]) {
        switch reason {
        case .malformedRequest, .methodNotAllowed, .notImplemented, .versionNotSupported, .expectationFailed,
            .uriTooLong, .headTooLarge, .malformedPath:
            (true, [.refused(reason)])
        case .noRule, .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect, .matchLimit, .loopDetected,
            .internal, .prohibitedAddress, .targetLimit, .endpointsDown, .targetPaused,
            .targetStopped, .misdirectedRequest, .serverNameMismatch, .clientCertificateRequired:
            (true, [.refused(reason)])
        case .unknownTarget, .nameError: (true, [.waitsForName, .refused(reason)])
        case .queueTimeout: (true, [.waits(.slot, reason), .time(.seconds(5))])
        case .nameTimeout: (true, [.waitsForName, .time(.seconds(4)), .time(.seconds(1))])
        case .bodyTooLarge: (false, [.attached(reused: false), .downstreamSent, .refused(reason)])
        case .requestTimeout: (false, [.attached(reused: false), .time(.seconds(20))])
        case .downstreamStalled:
            (true, [.attached(reused: false), .responseBegan, .time(.seconds(20), downstreamBlocked: true)])
        case .downstreamClosed: (true, [.connecting, .downstreamGone])
        case .draining: (true, [.attached(reused: false), .drainExpired])
        case .outOfDescriptors: (true, [.connecting, .connectFailed(reason)])
        case .connectionRefused, .unroutable, .connectFailed, .tlsFailed, .tlsCertificate, .tlsAlert:
            (true, [.connecting, .connectFailed(reason), .noEndpointLeft(reason)])
        case .connectTimeout: (true, [.connecting, .time(.seconds(5)), .noEndpointLeft(reason)])
        case .connectionReset: (true, [.attached(reused: false), .upstreamLost(reason)])
        case .invalidResponse: (true, [.attached(reused: false), .upstreamSent, .upstreamLost(reason)])
        case .responseHeadTooLarge: (true, [.attached(reused: false), .upstreamSent, .upstreamLost(reason)])
        case .responseIncomplete:
            (
                true,
                [.attached(reused: false), .upstreamSent, .responseBegan, .upstreamLost(.connectionReset)]
            )
        case .upstreamTimeout: (true, [.attached(reused: false), .time(.seconds(10))])
        case .goneAway, .streamRefused:
            (true, [.attached(reused: false), .bodyReleased, .upstreamLost(reason)])
        case .streamReset: (true, [.attached(reused: false), .upstreamLost(reason)])
        case .upgradeFailed:
            (true, [.attached(reused: false), .upstreamSent, .switchesProtocols(requested: false)])
        }
    }

    @Test(arguments: Failure.Reason.allCases)
    func `Every cause follows from events alone`(reason: Failure.Reason) {
        let (complete, events) = Self.events(reason)
        switch actions(complete: complete, events).last {
        case .respond(let failure), .abort(let failure): #expect(failure.reason == reason)
        case let other: Issue.record("\(reason) ended with \(String(describing: other))")
        }
    }

    @Test(arguments: ExchangeMachine.Wait.allCases)
    func `Each wait ends at its deadline with its own cause`(wait: ExchangeMachine.Wait) {
        let early: [ExchangeEvent] = [.waits(wait, .draining), .time(.milliseconds(4999))]
        #expect(actions(early) == [])
        #expect(actions(early + [.time(.milliseconds(1))]) == [.respond(Failure(.draining))])
    }

    @Test func `Nothing follows once the exchange is over`() {
        let last: [ExchangeEvent] = [
            .refused(.internal), .upstreamLost(.connectionReset), .downstreamGone, .drainExpired,
            .time(.hours(1)),
        ]
        #expect(actions([.attached(reused: false), .responseBegan, .responseEnded, .finished] + last) == [])
        #expect(actions([.refused(.noRule)] + last) == [.respond(Failure(.noRule))])
    }

    // MARK: Another endpoint

    private static let refused = ExchangeMachine.Action.connectNext(after: Failure(.connectionRefused))

    @Test(arguments: [true, false])
    func `Where connecting fails another endpoint is tried, whatever the method`(idempotent: Bool) {
        let events: [ExchangeEvent] = [.connecting, .connectFailed(.connectionRefused)]
        #expect(actions(complete: false, idempotent: idempotent, events) == [Self.refused])
        #expect(
            actions(idempotent: idempotent, events + [.connecting, .time(.seconds(5))])
                == [Self.refused, .connectNext(after: Failure(.connectTimeout))]
        )
    }

    @Test func `With every endpoint tried, the client learns of the last failure`() {
        let events: [ExchangeEvent] = [
            .connecting, .connectFailed(.connectionRefused), .connecting, .connectFailed(.connectionRefused),
            .noEndpointLeft(.connectionRefused),
        ]
        #expect(actions(events) == [Self.refused, Self.refused, .respond(Failure(.connectionRefused))])
    }

    @Test func `An attempt that ends after another endpoint has the request changes nothing`() {
        let events: [ExchangeEvent] = [
            .connecting, .time(.seconds(5)), .attached(reused: true), .connectFailed(.connectTimeout),
        ]
        #expect(actions(events) == [.connectNext(after: Failure(.connectTimeout))])
        var run = ExchangeRun(complete: true, idempotent: true)
        _ = run.apply(.connecting)
        _ = run.apply(.attached(reused: false))
        let isConnecting = run.machine.isConnecting(1)
        #expect(!isConnecting)
    }

    @Test func `An endpoint that is withdrawn is left while it is being connected to, and only then`() {
        let leaves = ExchangeMachine.Action.connectNext(after: Failure(.unknownTarget))
        #expect(actions([.connecting, .endpointWithdrawn]) == [leaves])
        #expect(actions([.connecting, .attached(reused: false), .endpointWithdrawn]) == [])
        let many = actions(
            (0..<RetryPolicy.standard.attempts).flatMap { _ in [ExchangeEvent.connecting, .endpointWithdrawn]
            }
        )
        #expect(many.count == RetryPolicy.standard.attempts)
        #expect(many.last == .respond(Failure(.unknownTarget)))
    }

    @Test func `Attempts are bounded`() {
        let attempt: [ExchangeEvent] = [.connecting, .connectFailed(.unroutable)]
        let many = actions((0..<RetryPolicy.standard.attempts).flatMap { _ in attempt })
        #expect(many.count == RetryPolicy.standard.attempts)
        #expect(many.last == .respond(Failure(.unroutable)))
    }

    @Test func `Without a descriptor another endpoint would do no better`() {
        let events: [ExchangeEvent] = [.connecting, .connectFailed(.outOfDescriptors)]
        #expect(actions(events) == [.respond(Failure(.outOfDescriptors))])
    }

    // MARK: Sent again

    private static let reset = ExchangeEvent.upstreamLost(.connectionReset)
    private static let respondsReset = ExchangeMachine.Action.respond(Failure(.connectionReset))
    private static let reconnects = ExchangeMachine.Action.reconnect(after: Failure(.connectionReset))

    @Test func `A stale connection is tried again once, and then no more`() {
        let events: [ExchangeEvent] = [
            .attached(reused: true), Self.reset, .connecting, .attached(reused: true), Self.reset,
        ]
        #expect(actions(events) == [Self.reconnects, Self.respondsReset])
    }

    @Test func `The new connection that replaces a stale one may lead to another endpoint`() {
        let events: [ExchangeEvent] = [
            .attached(reused: true), Self.reset, .connecting, .connectFailed(.connectionRefused),
        ]
        #expect(actions(events) == [Self.reconnects, Self.refused])
    }

    @Test func `A new connection that closes was not stale`() {
        #expect(actions([.attached(reused: false), Self.reset]) == [Self.respondsReset])
    }

    @Test func `A method that may not be repeated is not`() {
        #expect(actions(idempotent: false, [.attached(reused: true), Self.reset]) == [Self.respondsReset])
    }

    @Test func `A body that is not held any longer cannot be sent again`() {
        let events: [ExchangeEvent] = [.attached(reused: true), .bodyReleased, .requestEnded, Self.reset]
        #expect(actions(complete: false, events) == [Self.respondsReset])
    }

    @Test func `One byte of a response, be it interim, and the request is not repeated`() {
        #expect(actions([.attached(reused: true), .upstreamSent, Self.reset]) == [Self.respondsReset])
    }

    // MARK: Sent to another endpoint after it was sent

    private static func retries(_ conditions: Set<RetrySettings.Condition>) -> RetrySettings {
        var settings = RetrySettings()
        settings.conditions = conditions
        return settings
    }

    @Test func `What happened after the request was sent leads to another endpoint only where it is listed`()
    {
        let cases: [(RetrySettings.Condition, [ExchangeEvent], Failure.Reason)] = [
            (.emptyResponse, [.upstreamLost(.connectionReset)], .connectionReset),
            (.junkResponse, [.upstreamSent, .upstreamLost(.connectionReset)], .connectionReset),
            (.junkResponse, [.upstreamSent, .upstreamLost(.invalidResponse)], .invalidResponse),
            (.junkResponse, [.upstreamSent, .upstreamLost(.responseHeadTooLarge)], .responseHeadTooLarge),
            (.responseTimeout, [.time(.seconds(10))], .upstreamTimeout),
            (.responseTimeout, [.time(.seconds(10), upstreamBlocked: true)], .upstreamTimeout),
        ]
        for (condition, events, reason) in cases {
            let events = [.attached(reused: false)] + events
            let listed = Self.retries([condition])
            #expect(actions(events, retries: listed) == [.connectNext(after: Failure(reason))])
            #expect(actions(idempotent: false, events, retries: listed) == [.respond(Failure(reason))])
            let all: Set<RetrySettings.Condition> = [.emptyResponse, .junkResponse, .responseTimeout]
            let others = Self.retries(all.subtracting([condition]))
            #expect(actions(events, retries: others) == [.respond(Failure(reason))])
            #expect(actions(events) == [.respond(Failure(reason))])
        }
    }

    @Test
    func `A request whose body is held no longer, or that had an interim response, is not sent elsewhere`() {
        let listed = Self.retries([.emptyResponse, .junkResponse])
        let released: [ExchangeEvent] = [.attached(reused: false), .bodyReleased, .requestEnded, Self.reset]
        #expect(actions(complete: false, released, retries: listed) == [Self.respondsReset])
        let interim: [ExchangeEvent] = [
            .attached(reused: false), .upstreamSent, .interimResponse, Self.reset,
        ]
        #expect(actions(interim, retries: listed) == [Self.respondsReset])
    }

    @Test func `Attempts and the time in which they begin are bounded`() {
        var settings = Self.retries([.emptyResponse])
        settings.attempts = 3
        let attempt: [ExchangeEvent] = [.connecting, .attached(reused: false), Self.reset]
        let next = ExchangeMachine.Action.connectNext(after: Failure(.connectionReset))
        #expect(
            actions([attempt, attempt, attempt].flatMap(\.self), retries: settings)
                == [next, next, Self.respondsReset]
        )
        settings.totalTime = .seconds(7)
        let slow: [ExchangeEvent] = [.connecting, .attached(reused: false), .time(.seconds(4)), Self.reset]
        #expect(actions(slow + slow, retries: settings) == [next, Self.respondsReset])
        let connects: [ExchangeEvent] = [.connecting, .time(.seconds(5)), .connecting, .time(.seconds(5))]
        #expect(
            actions(connects, retries: settings)
                == [.connectNext(after: Failure(.connectTimeout)), .respond(Failure(.connectTimeout))]
        )
    }

    @Test func `A stale connection is replaced at its endpoint before another endpoint is tried`() {
        let listed = Self.retries([.emptyResponse])
        let events: [ExchangeEvent] = [
            .attached(reused: true), Self.reset, .connecting, .attached(reused: false), Self.reset,
        ]
        #expect(
            actions(events, retries: listed)
                == [Self.reconnects, .connectNext(after: Failure(.connectionReset))]
        )
    }

    @Test func `A response is discarded for its status only while the request can be repeated`() {
        func mayRepeat(_ status: Int, idempotent: Bool = true, _ events: [ExchangeEvent] = []) -> Bool {
            var run = ExchangeRun(
                complete: true,
                idempotent: idempotent,
                Self.retries([.status(503), .status(404)])
            )
            for event in [.attached(reused: false)] + events { _ = run.apply(event) }
            return run.machine.mayRepeat(status: status, now: run.now)
        }
        #expect(mayRepeat(503))
        #expect(mayRepeat(404))
        #expect(!mayRepeat(502))
        #expect(!mayRepeat(200))
        #expect(!mayRepeat(503, idempotent: false))
        #expect(!mayRepeat(503, [.bodyReleased]))
        #expect(!mayRepeat(503, [.interimResponse]))
    }

    // MARK: The response

    @Test func `A response that has begun breaks off or is replaced; a complete one is not lost`() {
        let begun: [ExchangeEvent] = [.attached(reused: false), .upstreamSent, .responseBegan]
        #expect(
            actions(begun + [Self.reset]) == [
                .abort(Failure(.responseIncomplete, cause: Failure(.connectionReset)))
            ]
        )
        #expect(actions(begun + [.responseRolledBack, Self.reset]) == [Self.respondsReset])
        #expect(actions(begun + [.responseEnded, Self.reset]) == [])
    }

    @Test func `A client that goes while the last bytes are written has not got its response`() {
        let events: [ExchangeEvent] = [
            .attached(reused: false), .responseBegan, .responseEnded, .downstreamGone,
        ]
        #expect(actions(events) == [.abort(Failure(.downstreamClosed))])
    }

    @Test func `Interim responses are bounded`() {
        let many = [ExchangeEvent](repeating: .interimResponse, count: DataPathConstants.interimAnswers)
        #expect(actions([.attached(reused: false)] + many) == [])
        #expect(actions([.attached(reused: false)] + many + [.interimResponse]).count == 1)
    }

    @Test(arguments: [true, false])
    func `A connection may be used again where the request was complete`(complete: Bool) {
        var run = ExchangeRun(complete: complete, idempotent: true)
        _ = run.apply(.attached(reused: false))
        _ = run.apply(.responseBegan)
        let mayBeReused = run.machine.responseEnded()
        #expect(mayBeReused == complete)
    }

    // MARK: Silence

    @Test func `An upstream that owes the response is late after its time, not before`() {
        let events: [ExchangeEvent] = [
            .attached(reused: false), .time(.seconds(9)), .upstreamSent, .time(.seconds(9)),
        ]
        #expect(actions(events) == [])
        #expect(actions(events + [.time(.seconds(1))]) == [.respond(Failure(.upstreamTimeout))])
    }

    @Test func `While the client sends its body the upstream's silence is not a failure`() {
        let events: [ExchangeEvent] = [
            .attached(reused: false), .time(.seconds(15)), .downstreamSent, .time(.seconds(19)),
        ]
        #expect(actions(complete: false, events) == [])
        #expect(
            actions(complete: false, events + [.time(.seconds(1))]) == [.respond(Failure(.requestTimeout))]
        )
    }

    @Test func `Whoever does not accept what waits for it is the one who is late`() {
        let upload: [ExchangeEvent] = [.attached(reused: false), .time(.seconds(10), upstreamBlocked: true)]
        #expect(actions(complete: false, upload) == [.respond(Failure(.upstreamTimeout))])
        let download: [ExchangeEvent] = [
            .attached(reused: false), .responseBegan, .time(.seconds(15), downstreamBlocked: true),
        ]
        #expect(actions(download) == [])
        #expect(
            actions(download + [.time(.seconds(5), downstreamBlocked: true)])
                == [.abort(Failure(.downstreamStalled))]
        )
    }

    @Test func `A request that still arrives while its response goes is late only when both are silent`() {
        let events: [ExchangeEvent] = [
            .attached(reused: false), .responseBegan, .time(.seconds(19)), .upstreamSent, .time(.seconds(6)),
        ]
        #expect(actions(complete: false, events) == [])
        #expect(
            actions(complete: false, events + [.time(.seconds(5))]) == [.abort(Failure(.requestTimeout))]
        )
    }

    @Test func `What another tier has sent nowhere goes to the next endpoint, whatever the method`() {
        var settings = RetrySettings()
        settings.trustedTier = true
        settings.attempts = 2
        func mayRepeat(_ settings: RetrySettings?, _ events: [ExchangeEvent] = []) -> Bool {
            var run = ExchangeRun(complete: true, idempotent: false, settings)
            for event in [.connecting, .attached(reused: false), .upstreamSent] + events {
                _ = run.apply(event)
            }
            let wasSent = run.machine.wasSent
            #expect(wasSent)
            return run.machine.mayRepeatUnsent(now: run.now)
        }
        #expect(mayRepeat(settings))
        #expect(!mayRepeat(nil))
        #expect(!mayRepeat(settings, [.bodyReleased]))
        #expect(!mayRepeat(settings, [.interimResponse]))
        settings.attempts = 1
        #expect(!mayRepeat(settings))
        settings.totalTime = .zero
        #expect(!mayRepeat(settings))
        // Bodies are held for it, as far as a bound goes.
        let held = ExchangeRun(complete: false, idempotent: false, settings).machine.heldBytes
        #expect(held == settings.bodyBytes)
        let other = ExchangeRun(complete: false, idempotent: false, RetrySettings()).machine.heldBytes
        #expect(other == 0)
    }
}
