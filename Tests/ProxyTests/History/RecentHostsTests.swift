import NIOCore
import Routing
import Testing

@testable import ProxyCore

/// The hosts that a loop remembers for a reload.
@Suite struct RecentHostsTests {
    private let hosts = RecentHosts()

    private func note(_ host: String, at second: Int64 = 1, target: String = "/", requests: UInt64 = 1) {
        hosts.note(
            host.utf8.span,
            method: "GET".utf8.span,
            target: target.utf8.span,
            client: IPAddress(v4: 0x7F00_0001),
            requests: requests,
            now: Self.time(second)
        )
    }

    private static func time(_ second: Int64) -> NIODeadline {
        NIODeadline.uptimeNanoseconds(0) + .seconds(second)
    }

    @Test func `Hosts of the last minutes are remembered with their last request`() {
        note("a.test")
        note("a.test", at: 2, target: "/x?y=1", requests: 4)
        note("b.test", at: 200)
        let found = hosts.snapshot(now: Self.time(201)).sorted { $0.requests > $1.requests }
        #expect(found.map { String(decoding: $0.host, as: UTF8.self) } == ["a.test", "b.test"])
        #expect(found.map(\.requests) == [5, 1])
        #expect(found[0].target == Array("/x?y=1".utf8) && found[0].method == Array("GET".utf8))
        #expect(hosts.snapshot(now: Self.time(303)).count == 1)
    }

    @Test func `A flood of hosts takes no more memory, and leaves the hosts in use`() {
        for _ in 0..<100 { note("busy.test") }
        for number in 0..<20_000 { note("h\(number).test", at: 2) }
        let found = hosts.snapshot(now: Self.time(3))
        #expect(found.count <= RecentHosts.hosts && found.count > RecentHosts.hosts / 2)
        #expect(found.contains { $0.host == Array("busy.test".utf8) && $0.requests == 100 })
    }

    @Test func `Longer texts are cut off, and the longest host is not`() {
        let label = String(repeating: "a", count: 60)
        let long = [label, label, label, label].joined(separator: ".") + ".test"
        note(long, target: "/" + String(repeating: "b", count: 5000))
        let found = hosts.snapshot(now: Self.time(1))
        #expect(found.map(\.host) == [Array(long.utf8)])
        #expect(found[0].target.count == 240)
    }
}
