import Balancing
import NIOCore

@testable import ProxyCore

/// What can happen to an exchange, as a value: a test is a list of these.
enum ExchangeEvent {
    /// A stage refuses: the parser, a rule, a limit.
    case refused(Failure.Reason)
    case waitsForName
    case waits(ExchangeMachine.Wait, Failure.Reason)
    case connecting
    case connectFailed(Failure.Reason)
    case noEndpointLeft(Failure.Reason)
    case endpointWithdrawn
    case attached(reused: Bool)
    case upstreamSent
    case interimResponse
    case responseBegan
    case switchesProtocols(requested: Bool)
    case responseRolledBack
    case responseEnded
    case finished
    case upstreamLost(Failure.Reason)
    case downstreamSent
    case bodyReleased
    case requestEnded
    case downstreamGone
    case drainExpired
    /// Time passes, and the deadlines are compared with the clock.
    case time(TimeAmount, upstreamBlocked: Bool = false, downstreamBlocked: Bool = false)
}

/// A machine and its clock.
struct ExchangeRun: ~Copyable {
    var machine: ExchangeMachine
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    init(complete: Bool, idempotent: Bool, _ retries: RetrySettings? = nil) {
        machine = ExchangeMachine(requestComplete: complete, idempotent: idempotent, now: now)
        if let retries { machine.apply(RetryPolicy(retries), now: now) }
    }

    mutating func apply(_ event: ExchangeEvent) -> ExchangeMachine.Action {
        switch event {
        case .refused(let reason): return machine.failed(Failure(reason))
        case .waitsForName: machine.wait(for: .name, until: now + .seconds(5), cause: .nameTimeout)
        case .waits(let wait, let reason): machine.wait(for: wait, until: now + .seconds(5), cause: reason)
        case .connecting: machine.connecting(until: now + .seconds(5))
        case .connectFailed(let reason): return machine.connectFailed(Failure(reason), now: now)
        case .noEndpointLeft(let reason): return machine.noEndpointLeft(Failure(reason))
        case .endpointWithdrawn: return machine.endpointWithdrawn(now: now)
        case .attached(let reused): machine.attached(reused: reused, now: now)
        case .upstreamSent: machine.upstreamSent(now: now)
        case .interimResponse: return machine.interimResponse()
        case .responseBegan: return machine.responseBegan()
        case .switchesProtocols(let requested):
            return machine.responseBegan(switchesProtocols: true, wasRequested: requested)
        case .responseRolledBack: machine.responseRolledBack()
        case .responseEnded: _ = machine.responseEnded()
        case .finished: machine.finished()
        case .upstreamLost(let reason): return machine.upstreamLost(Failure(reason), now: now)
        case .downstreamSent: machine.downstreamSent(now: now)
        case .bodyReleased: machine.bodyReleased()
        case .requestEnded: machine.requestEnded()
        case .downstreamGone: return machine.downstreamGone()
        case .drainExpired: return machine.drainExpired()
        case .time(let time, let upstreamBlocked, let downstreamBlocked):
            now = now + time
            return machine.tick(
                now: now,
                upstreamBlocked: upstreamBlocked,
                downstreamBlocked: downstreamBlocked,
                upstreamTimeout: .seconds(10),
                downstreamTimeout: .seconds(20)
            )
        }
        return .none
    }
}

/// The actions that follow from events, without those that say nothing.
func actions(
    complete: Bool = true,
    idempotent: Bool = true,
    _ events: [ExchangeEvent],
    retries: RetrySettings? = nil
) -> [ExchangeMachine.Action] {
    var run = ExchangeRun(complete: complete, idempotent: idempotent, retries)
    return events.map { run.apply($0) }.filter { $0 != .none }
}
