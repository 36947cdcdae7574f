import NIOCore
import Testing

@testable import Proxy
@testable import ProxyCore

@Suite("The exchange machine")
struct ExchangeMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func machine(complete: Bool = true, idempotent: Bool = true) -> ExchangeMachine {
        ExchangeMachine(requestComplete: complete, idempotent: idempotent, now: start)
    }

    /// The upstream is lost, and this is what follows.
    private func lost(
        _ machine: inout ExchangeMachine,
        _ expected: ExchangeMachine.Loss,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let loss = machine.upstreamLost(Failure(.connectionReset))
        #expect(loss == expected, sourceLocation: sourceLocation)
    }

    @Test("A stale connection is tried again once, and then no more")
    func retryOnce() {
        var machine = machine()
        machine.attached(reused: true, now: start)
        lost(&machine, .retry)
        machine.attached(reused: true, now: start)
        lost(&machine, .answer(Failure(.connectionReset)))
        #expect(machine.retried)
    }

    @Test("A new connection that closes is no stale one")
    func freshConnection() {
        var machine = machine()
        machine.attached(reused: false, now: start)
        lost(&machine, .answer(Failure(.connectionReset)))
    }

    @Test("What may not be repeated is not")
    func notIdempotent() {
        var machine = machine(idempotent: false)
        machine.attached(reused: true, now: start)
        lost(&machine, .answer(Failure(.connectionReset)))
    }

    @Test("A body that is not at hand any more can't be sent again")
    func bodyGone() {
        var machine = machine(complete: false)
        machine.attached(reused: true, now: start)
        machine.bodyLeft()
        machine.requestEnded()
        lost(&machine, .answer(Failure(.connectionReset)))
    }

    @Test("One byte of an answer, be it interim, and the request is not repeated")
    func answerBegan() {
        var machine = machine()
        machine.attached(reused: true, now: start)
        machine.upstreamSpoke(now: start)
        lost(&machine, .answer(Failure(.connectionReset)))
    }

    @Test("An answer that has begun breaks off; one that is whole is nobody's loss")
    func breakOff() {
        var machine = machine()
        machine.attached(reused: false, now: start)
        machine.answerBegan()
        guard case .breakOff(let failure) = machine.upstreamLost(Failure(.connectionReset)) else {
            Issue.record("it did not break off")
            return
        }
        #expect(failure.reason == .responseIncomplete)
        machine.answerEnded()
        lost(&machine, .nothing)
    }

    @Test("Too many interim answers are too many")
    func interims() {
        var machine = machine()
        let taken = (0..<3).map { _ in machine.interimAnswer(limit: 2) }
        #expect(taken == [true, true, false])
    }

    private func overdue(
        _ machine: ExchangeMachine,
        after: TimeAmount,
        upstreamBlocked: Bool = false,
        downstreamBlocked: Bool = false
    ) -> ExchangeMachine.Overdue? {
        machine.overdue(
            now: start + after,
            upstreamBlocked: upstreamBlocked,
            downstreamBlocked: downstreamBlocked,
            upstreamTimeout: .seconds(10),
            downstreamTimeout: .seconds(20)
        )
    }

    @Test("An upstream that owes the answer is overdue after its time, not before")
    func upstreamSilent() {
        var machine = machine()
        machine.attached(reused: false, now: start)
        #expect(overdue(machine, after: .seconds(9)) == nil)
        #expect(overdue(machine, after: .seconds(10)) == .upstream)
        machine.upstreamSpoke(now: start + .seconds(9))
        #expect(overdue(machine, after: .seconds(18)) == nil)
    }

    @Test("While the client sends its body the upstream's silence is no fault")
    func uploading() {
        var machine = machine(complete: false)
        machine.attached(reused: false, now: start)
        #expect(overdue(machine, after: .seconds(15)) == nil)
        #expect(overdue(machine, after: .seconds(20)) == .downstream)
        machine.downstreamSpoke(now: start + .seconds(15))
        #expect(overdue(machine, after: .seconds(30)) == nil)
    }

    @Test("Whoever does not take what waits for it is the one who is late")
    func blocked() {
        var machine = machine(complete: false)
        machine.attached(reused: false, now: start)
        #expect(overdue(machine, after: .seconds(10), upstreamBlocked: true) == .upstream)
        machine.answerBegan()
        machine.requestEnded()
        #expect(overdue(machine, after: .seconds(15), downstreamBlocked: true) == nil)
        #expect(overdue(machine, after: .seconds(20), downstreamBlocked: true) == .downstream)
    }

    @Test("Before a connection stands, connecting has its own timeout")
    func connecting() {
        var machine = machine()
        machine.connecting()
        #expect(overdue(machine, after: .hours(1)) == nil)
    }

    @Test("A request that still comes while its answer goes is late only when both are silent")
    func both() {
        var machine = machine(complete: false)
        machine.attached(reused: false, now: start)
        machine.answerBegan()
        machine.upstreamSpoke(now: start + .seconds(19))
        #expect(overdue(machine, after: .seconds(25)) == nil)
        #expect(overdue(machine, after: .seconds(30)) == .downstream)
    }
}
