import Dispatch
import Foundation
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

    @Test(.timeLimit(.minutes(1)))
    func `A lookup that hangs holds its own thread; those that wait for one fail at the end`() async {
        let gate = DispatchSemaphore(value: 0)
        var settings = SystemNamesSettings()
        settings.threads = 1
        let names = SystemNames(settings) { name in
            gate.wait()
            gate.signal()
            return .none(ttl: .seconds(1))
        }
        let (results, resolved) = AsyncStream.makeStream(of: NameQueryResult.self)
        // As many as the directory sends: new names, and known ones.
        for index in 0..<2 { names.query("n\(index)") { resolved.yield($0) } }
        names.query("waits") { resolved.yield($0) }
        names.stop()
        gate.signal()
        var failed = 0
        var found = 0
        for await result in results {
            if case .failed = result { failed += 1 } else { found += 1 }
            if failed + found == 3 { break }
        }
        #expect(failed >= 1)
        guard case .failed(let problem) = await ask(names, "late") else {
            Issue.record("it still answers")
            return
        }
        #expect(problem.kind == .unavailable)
    }

    @Test func `Names of the hosts file, localhost and the machine's own name need no server`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
        try "127.0.0.1 a b # c\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let names = FixedNames(path: file.path)
        #expect(names.contains("a") && names.contains("b") && !names.contains("c"))
        #expect(names.contains("localhost") && names.contains("x.localhost"))
        try "127.0.0.1 changed-file\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(names.contains("changed-file") && !names.contains("a"))
    }
}
