import NIOCore
import Testing

@testable import Proxy
@testable import ProxyCore

/// Whatever an endpoint does, at whatever stage: the client learns what it can, the log says why, and nobody else
/// has any of it.
@Suite struct UpstreamFaultTests {
    private static let good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"

    @Test(arguments: UpstreamFault.all)
    func `Each fault has its end, its line in the log, and no other effect`(_ fault: UpstreamFault) throws {
        let bench = try FaultBench()
        defer { bench.end() }
        let client = bench.client()
        bench.connecting = fault.connecting()
        client.say(fault.request)
        bench.settle()
        if case .hangs = bench.connecting { bench.pass(.seconds(2)) }
        if let endpoint = bench.upstreams.first { fault.act(bench, endpoint) }
        bench.settle()
        bench.connecting = .works

        judgeEnd(fault, client)
        let before = bench.upstreams.count
        #expect(bench.idleUpstreams == 0, "the connection must serve nobody else")
        if let endpoint = bench.upstreams.first {
            #expect(!endpoint.transport.isOpen, "the endpoint's connection is still open")
        }
        judgeLog(fault, bench)

        // What the request still owes is thrown away, and the next one served, where the client's connection stays.
        let next: FaultBench.Peer
        if fault.end == .cut {
            #expect(!client.transport.isOpen, "a cut answer's connection stays open")
            next = bench.client()
        } else {
            #expect(!client.isToldTheEnd, "the client's connection closes for no reason")
            next = client
            if fault.request == UpstreamFault.put { client.say("0123456789") }
        }
        _ = next.takeHeard()
        next.say(UpstreamFault.get)
        bench.settle()
        #expect(bench.upstreams.count == before + 1, "no new connection was made")
        bench.upstreams.last?.say(Self.good)
        bench.settle()
        #expect(
            next.heard.hasPrefix("HTTP/1.1 200 OK\r\n") && next.heard.hasSuffix("\r\n\r\ngood"),
            "\(next.heard)"
        )
        #expect(bench.idleUpstreams == 1)

        for peer in bench.clients { peer.wire.close() }
        bench.settle()
        #expect(bench.isClean)
        #expect(bench.log.lines.count == 2)
    }

    private func judgeEnd(_ fault: UpstreamFault, _ client: FaultBench.Peer) {
        switch fault.end {
        case .told(let status, let token):
            let answer = client.heard.replacing("HTTP/1.1 103 Early\r\n\r\n", with: "")
                .replacing("HTTP/1.1 102 Wait\r\n\r\n", with: "")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("\r\nProxy-Status: berth-front; error=\(token); details="), "\(answer)")
        case .cut:
            #expect(client.heard.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(client.heard)")
            #expect(!client.heard.hasSuffix("0\r\n\r\n"))
            #expect(client.isToldTheEnd, "the client still waits")
        case .whole:
            #expect(client.heard.hasPrefix("HTTP/1.1 \(fault.logged) "), "\(client.heard)")
            #expect(!client.heard.contains("poison"))
        }
    }

    private func judgeLog(_ fault: UpstreamFault, _ bench: FaultBench) {
        var status = fault.logged
        if case .told(let told, _) = fault.end { status = told }
        #expect(bench.log.lines == [.init(status: status, cause: fault.cause)])
        #expect(bench.worker.context.counters.failures == (fault.cause.map { [$0: 1] } ?? [:]))
    }
}
