import NIOConcurrencyHelpers
import RegistryClient
import Testing

/// Sends one request, emits each event that feeds it, and rests for a moment.
private struct Echo: RegistryMachine, ~Copyable {
    enum Event: RegistryMachineEvent {
        case started, timer, stopped
        case fed(Int)
        case ended(RequestToken)
    }

    enum Request { case count(Int) }

    var tokens = RequestTokens()
    var pending: RequestToken?

    mutating func handle(_ event: Event, now: Duration, random: UInt64) -> [MachineAction<Request, String>] {
        switch event {
        case .started:
            let token = tokens.next()
            pending = token
            return [.send(token, .count(3))]
        case .fed(let number): return [.emit("fed \(number)")]
        case .ended: return [.emit("ended"), .wake(at: now + .milliseconds(1))]
        case .timer: return [.emit("timer")]
        case .stopped: return (pending.map { [.cancel($0)] } ?? []) + [.emit("stopped")]
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct MachineRunnerTests {
    @Test func `Requests are performed, their streams fed in order, and timers fire`() async {
        let (outputs, output) = AsyncStream.makeStream(of: String.self)
        let runner = MachineRunner(Echo()) { token, request, feed in
            guard case .count(let count) = request else { return .ended(token) }
            for number in 1...count { await feed(.fed(number)) }
            return .ended(token)
        } emit: {
            output.yield($0)
        }
        await runner.handle(.started)
        var iterator = outputs.makeAsyncIterator()
        var seen: [String] = []
        while seen.count < 5, let next = await iterator.next() { seen.append(next) }
        #expect(seen == ["fed 1", "fed 2", "fed 3", "ended", "timer"])
        let pending = await runner.read { $0.pending?.id }
        #expect(pending == 1)
    }

    @Test func `A stop cancels the running request`() async {
        let (ends, end) = AsyncStream.makeStream(of: Bool.self)
        let runner = MachineRunner(Echo()) { token, _, _ in
            let slept: Void? = try? await Task.sleep(for: .seconds(3600))
            end.yield(slept == nil)
            return .ended(token)
        } emit: { _ in
        }
        await runner.handle(.started)
        await runner.stop()
        var iterator = ends.makeAsyncIterator()
        #expect(await iterator.next() == true)
    }
}
