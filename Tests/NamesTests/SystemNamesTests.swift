import Dispatch
import Routing
import Settings
import Testing

@testable import Names

@Suite struct SystemNamesTests {
    private func ask(_ names: SystemNames, _ name: String) async -> NameQueryResult {
        await withCheckedContinuation { continuation in
            names.query(name) { continuation.resume(returning: $0) }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `What stands in /etc/hosts is found, and what stands nowhere is not`() async {
        let names = SystemNames(SystemNamesSettings())
        guard case .addresses(let addresses, let ttl) = await ask(names, "localhost") else {
            Issue.record("there is no localhost")
            return
        }
        #expect(addresses.contains { $0.address.isLoopback } && ttl == .seconds(30))
        // RFC 6761 §6.4: never there. Without a DNS server it can't be known.
        let reply = await ask(names, "nobody.invalid")
        if case .addresses = reply { Issue.record("\(reply)") }
    }

    @Test
    func `A question that hangs holds up its own thread; what waits is bounded, and told when it ends`() async
    {
        let gate = DispatchSemaphore(value: 0)
        var settings = SystemNamesSettings()
        settings.threads = 2
        let names = SystemNames(settings) { name in
            gate.wait()
            gate.signal()
            return .none(ttl: .seconds(1))
        }
        let (replies, told) = AsyncStream.makeStream(of: NameQueryResult.self)
        let asked = 2 + SystemNames.maxWaiting
        for index in 0..<(asked + 10) { names.query("n\(index)") { told.yield($0) } }
        // Both threads take a name at some time; until then fewer fit in.
        gate.signal()
        var found = 0
        var refused = 0
        for await reply in replies {
            if case .none = reply { found += 1 } else { refused += 1 }
            if found + refused == asked + 10 { break }
        }
        #expect(refused >= 10 && found <= asked)
        names.stop()
        guard case .failed(let problem) = await ask(names, "late") else {
            Issue.record("it still answers")
            return
        }
        #expect(problem.kind == .unavailable)
    }
}
