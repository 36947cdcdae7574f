import NIOCore
import Testing

@testable import Proxy
@testable import ProxyCore

/// A client that goes away, or that stops, at a stage of its exchange.
struct DownstreamFault: Sendable, CustomTestStringConvertible {
    enum Stage: String, CaseIterable, Sendable {
        case head = "within its head"
        case connecting = "while the endpoint is connected to"
        case upload = "within its body"
        case waiting = "while it waits for the answer"
        case download = "within the answer"
    }

    enum Way: String, CaseIterable, Sendable {
        case halfCloses = "closes its half"
        case closes = "closes"
        case resets = "resets"
        case stops = "stops"
    }

    let stage: Stage
    let way: Way

    var testDescription: String { "A client \(way.rawValue) \(stage.rawValue)" }

    static let all = Stage.allCases.flatMap { stage in
        Way.allCases.map { DownstreamFault(stage: stage, way: $0) }
    }

    /// What the log says; nil for no line at all.
    var line: BenchLog.Line? {
        switch (stage, way) {
        case (.head, .stops): .init(status: 408, cause: .requestTimeout)
        case (.head, _): nil
        case (.upload, .stops): .init(status: 408, cause: .requestTimeout)
        case (.upload, _): .init(status: 499, cause: .downstreamClosed)
        case (.download, .resets), (.download, .closes): .init(status: 200, cause: .downstreamClosed)
        case (.download, .stops): .init(status: 200, cause: .downstreamStalled)
        case (_, .resets): .init(status: 499, cause: .downstreamClosed)
        // Whoever closes may still read; and whoever waits in silence does what it should.
        case (_, .closes), (_, .halfCloses), (_, .stops): .init(status: 200, cause: nil)
        }
    }

    /// The endpoint's connection lives on.
    var isKept: Bool {
        switch (stage, way) {
        case (.connecting, _), (.waiting, .halfCloses), (.waiting, .closes), (.waiting, .stops),
            (.download, .halfCloses):
            true
        default: false
        }
    }
}

@Suite struct DownstreamFaultTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n"

    @Test(arguments: DownstreamFault.all)
    func `Each fault has its line in the log, and leaves nothing behind`(_ fault: DownstreamFault) throws {
        let bench = try FaultBench()
        defer { bench.end() }
        bench.window = 4_000
        let client = bench.client()
        begin(fault.stage, client, bench)
        switch fault.way {
        case .halfCloses: client.wire.finish()
        case .closes: client.wire.close()
        case .resets: client.wire.reset()
        case .stops: client.reads = false
        }
        bench.settle()
        goOn(fault, bench)
        bench.pass(.seconds(45))
        client.reads = true
        bench.pass(.seconds(1))
        if client.transport.isOpen { client.wire.close() }
        bench.settle()

        #expect(bench.log.lines == (fault.line.map { [$0] } ?? []))
        let cause = fault.line?.cause
        #expect(bench.worker.context.counters.failures == (cause.map { [$0: 1] } ?? [:]))
        #expect(bench.idleUpstreams == (fault.isKept ? 1 : 0))
        #expect(
            bench.isClean,
            "\(bench.worker.connections.all.map { ($0 as? DownstreamConnection)?.phase }), gate \(bench.worker.gate.count)"
        )
    }

    private func begin(_ stage: DownstreamFault.Stage, _ client: FaultBench.Peer, _ bench: FaultBench) {
        switch stage {
        case .head: client.say("GET / HTTP/1.1\r\nHo")
        case .connecting:
            bench.connecting = .waits
            client.say(UpstreamFault.get)
        case .upload: client.say(UpstreamFault.put)
        case .waiting: client.say(UpstreamFault.get)
        case .download:
            client.say(UpstreamFault.get)
            bench.settle()
            bench.upstreams.first?.say(Self.head + String(repeating: "a", count: 10_000))
        }
        bench.settle()
    }

    /// The endpoint, which does nothing wrong.
    private func goOn(_ fault: DownstreamFault, _ bench: FaultBench) {
        if fault.stage == .connecting { bench.connectNow() }
        guard let endpoint = bench.upstreams.first, !endpoint.heard.isEmpty else { return }
        switch fault.stage {
        case .head, .upload: break
        case .connecting, .waiting: endpoint.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        case .download:
            // Each read empties what the kernel held for Berth, and lets more come.
            var rest = 390_000
            while rest > 0, endpoint.wire.canSend, !endpoint.wire.berthClosed {
                let piece = min(rest, endpoint.wire.room)
                if piece == 0 { break }
                endpoint.say(String(repeating: "a", count: piece))
                rest -= piece
                bench.settle()
            }
        }
        bench.settle()
    }
}
