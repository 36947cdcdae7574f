import NIOCore
import Testing

@testable import ProxyCore

/// An endpoint that refuses a stream has not processed its request.
@Suite struct RefusedStreamTests {
    private static let again = ExchangeMachine.Action.reconnect(after: Failure(.streamRefused))

    @Test(arguments: [true, false])
    func `A request that was refused is sent again, whatever the method`(idempotent: Bool) {
        let events: [ExchangeEvent] = [.attached(reused: true), .upstreamLost(.streamRefused)]
        #expect(actions(idempotent: idempotent, events + events) == [Self.again, Self.again])
    }

    @Test func `It is sent to another endpoint where one refuses it again and again`() {
        let events: [ExchangeEvent] = [.attached(reused: true), .upstreamLost(.streamRefused)]
        let most = DataPathConstants.refusedStreams
        let all = Array(repeating: events, count: most + 1).flatMap { $0 }
        #expect(
            actions(idempotent: false, all)
                == Array(repeating: Self.again, count: most) + [.connectNext(after: Failure(.streamRefused))]
        )
    }

    @Test func `It is not sent again where a part of it is gone, or a response had begun`() {
        let failure = Failure(.streamRefused)
        let attached = ExchangeEvent.attached(reused: true)
        #expect(
            actions([attached, .bodyReleased, .upstreamLost(.streamRefused)]) == [.respond(failure)]
        )
        #expect(
            actions([attached, .upstreamSent, .interimResponse, .upstreamLost(.streamRefused)])
                == [.respond(failure)]
        )
        #expect(
            actions([attached, .upstreamSent, .responseBegan, .upstreamLost(.streamRefused)])
                == [.abort(Failure(.responseIncomplete, cause: failure))]
        )
    }

    @Test func `Of a request that may be refused a part is held, whatever the method`() {
        var run = ExchangeRun(complete: false, idempotent: false)
        run.machine.attached(reused: false, mayBeRefused: true, now: run.now)
        let held = run.machine.heldBytes
        #expect(held == DataPathConstants.refusableBytes)
        run.machine.bodyReleased()
        let rest = run.machine.heldBytes
        #expect(rest == 0)
    }

    @Test func `A request that was refused has not been sent`() {
        var run = ExchangeRun(complete: true, idempotent: false)
        _ = run.apply(.attached(reused: false))
        let wasSent = run.machine.wasSent
        #expect(wasSent)
        _ = run.apply(.upstreamLost(.streamRefused))
        let isStillSent = run.machine.wasSent
        #expect(!isStillSent)
    }

    @Test func `Silence is no failure where the connection watches the peer`() {
        var run = ExchangeRun(complete: false, idempotent: false)
        run.machine.attached(reused: false, allowsSilence: true, now: run.now)
        let quiet = [
            run.apply(.time(.hours(1))), run.apply(.responseBegan), run.apply(.time(.hours(1))),
        ]
        #expect(quiet == [.none, .none, .none])
        let blocked = run.apply(.time(.hours(1), upstreamBlocked: true))
        #expect(blocked == .abort(Failure(.upstreamTimeout)))
    }
}
