import Names
import NIOCore
import NIOPosix
import Routing
import Settings
import Testing

@testable import DNSNames

/// Against a real server.
@Suite(.serialized, .enabled(if: Dnsmasq.isInstalled, "dnsmasq is not installed"))
struct DnsmasqTests {
    /// - Parameter timeout: long, for a machine that is busy with other tests.
    private func options(
        _ servers: Endpoint...,
        search: [String] = [],
        timeout: Duration = .seconds(10)
    ) -> DNSOptions {
        var settings = DNSSettings()
        settings.search = search
        settings.timeout = timeout
        return DNSOptions(settings, servers: servers)
    }

    private func ask(_ name: String, _ options: DNSOptions) async -> NameQueryResult {
        let names = DNSNames(options)
        names.start()
        defer { names.stop() }
        return await withCheckedContinuation { continuation in
            names.query(name) { continuation.resume(returning: $0) }
        }
    }

    private func addresses(_ reply: NameQueryResult) -> Set<String> {
        guard case .addresses(let addresses, _) = reply else { return [] }
        return Set(
            addresses.map { named in
                let port = named.port.map { ":\($0)*\(named.weight)" } ?? ""
                return "\(named.address)\(port)"
            }
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func `Both kinds of addresses, aliases, and the search list are found`() async throws {
        let server = try Dnsmasq([
            "--host-record=web.test,10.0.0.1,fd00::1", "--host-record=web.test,10.0.0.2",
            "--cname=www.test,web.test",
        ])
        defer { server.stop() }
        let reply = await ask("www", options(server.endpoint, search: ["test"]))
        // Where there is no way to fd00::1 it is left out.
        #expect(addresses(reply).subtracting(["fd00::1"]) == ["10.0.0.1", "10.0.0.2"])
        guard case .addresses(_, let ttl) = reply else { return }
        #expect(ttl == .seconds(1))
    }

    @Test(.timeLimit(.minutes(1)))
    func `Services are found with their ports and weights`() async throws {
        let server = try Dnsmasq([
            "--host-record=c1.test,10.0.0.1", "--host-record=c2.test,10.0.0.2",
            "--srv-host=_http._tcp.web.test,c1.test,8080,0,3",
            "--srv-host=_http._tcp.web.test,c2.test,8081,1,1",
        ])
        defer { server.stop() }
        var options = options(server.endpoint)
        options.settings.srv = "_http._tcp"
        #expect(await addresses(ask("web.test", options)) == ["10.0.0.1:8080*3", "10.0.0.2:8081*1"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `An answer that fits into no datagram comes over TCP`() async throws {
        let server = try Dnsmasq((0..<300).map { "--host-record=many.test,10.1.\($0 / 250).\($0 % 250 + 1)" })
        defer { server.stop() }
        #expect(await addresses(ask("many.test", options(server.endpoint))).count == 300)
    }

    @Test(.timeLimit(.minutes(1)))
    func `A server that is dead, or silent, is not the end: the next one answers`() async throws {
        let server = try Dnsmasq(["--host-record=web.test,10.0.0.1"])
        defer { server.stop() }
        let dead = Endpoint(address: IPAddress(v4: 0x7F00_0001), port: try Dnsmasq.freePort())
        #expect(await addresses(ask("web.test", options(dead, server.endpoint))) == ["10.0.0.1"])
        let silent = try SilentServer()
        defer { silent.stop() }
        var both = options(silent.endpoint, server.endpoint, timeout: .milliseconds(200))
        both.settings.attempts = 50
        #expect(await addresses(ask("web.test", both)) == ["10.0.0.1"])
        let alone = options(silent.endpoint, timeout: .milliseconds(200))
        guard case .failed(let problem) = await ask("web.test", alone) else {
            Issue.record("a silent server answered")
            return
        }
        #expect(problem.kind == .timeout)
    }

    @Test(.timeLimit(.minutes(1)))
    func `A name that does not exist is no failure, and a server that refuses is one`() async throws {
        let server = try Dnsmasq()
        defer { server.stop() }
        guard case .none = await ask("nobody.test", options(server.endpoint)) else {
            Issue.record("nobody was found")
            return
        }
        guard case .failed(let problem) = await ask("nobody.elsewhere", options(server.endpoint)) else {
            Issue.record("nobody was found elsewhere")
            return
        }
        #expect(problem.kind == .unavailable && problem.reason.contains("REFUSED"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `Changes of records are followed by their TTL, and a dead server costs nothing`() async throws {
        let server = try Dnsmasq()
        defer { server.stop() }
        let directory = try NameDirectory(
            [.dns(options(server.endpoint))],
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        directory.start()
        defer { directory.stop() }

        func look() async -> [String] {
            let lookup = await withCheckedContinuation { continuation in
                directory.resolve("web.test") { continuation.resume(returning: $0) }
            }
            lookup.resolved?.use?.mark()
            return (lookup.resolved?.addresses ?? []).map { "\($0.address)" }
        }
        /// Looks until it is so; the time limit ends it otherwise.
        func wait(for addresses: [String]) async -> Bool {
            while await look() != addresses {}
            return true
        }
        #expect(await look() == [])
        try server.serve("10.0.0.1 web.test\n")
        #expect(await wait(for: ["10.0.0.1"]))
        try server.serve("10.0.0.2 web.test\n")
        #expect(await wait(for: ["10.0.0.2"]))
        server.stop()
        // In use, and asked for in vain: what was said last serves on.
        while directory.statuses.first?.failures ?? 0 < 2 {
            #expect(await look() == ["10.0.0.2"])
        }
    }
}

/// Takes datagrams and says nothing.
private final class SilentServer {
    let endpoint: Endpoint
    private let descriptor: Int32

    init() throws {
        let bound = try UDPSocket.bind()
        descriptor = bound.descriptor
        endpoint = Endpoint(address: IPAddress(v4: 0x7F00_0001), port: bound.port)
    }

    func stop() { UDPSocket.close(descriptor) }
}
