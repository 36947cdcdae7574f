import Foundation
import HTTP1
import HTTPCases
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// Every request of the tables, sent as it stands there to running tiers in front of an origin that notes what comes.
@Suite("Bad requests, live", .timeLimit(.minutes(2)))
struct BadRequestTests {
    /// Stands behind each refused request, and must never be taken for one.
    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n"

    @Test(
        "A bad head is refused with its status, the connection closes, and nothing goes on",
        arguments: Tiers.allCases
    )
    func heads(_ tiers: Tiers) async throws {
        let record = RecordingOrigin()
        try await tiers.run(to: try ScriptedOrigin(record.serve)) { tier in
            for example in RequestCase.bad + RequestCase.floods {
                guard case .refused(let error) = example.expected else { continue }
                try expectRefusal(tier, example.bytes, status: error.status, example.name)
            }
            try await expectOnly(record, [], tier)
        }
    }

    @Test(
        "A request that is well formed but not to be passed on is refused in the same way",
        arguments: Tiers.allCases
    )
    func refusedLater(_ tiers: Tiers) async throws {
        let record = RecordingOrigin()
        try await tiers.run(to: try ScriptedOrigin(record.serve)) { tier in
            var count = 0
            for example in RequestCase.good {
                guard case .refused(let failure) = try RequestVerdict(example.bytes) else { continue }
                try expectRefusal(tier, example.bytes, status: failure.status, example.name)
                count += 1
            }
            #expect(count > 0)
            try await expectOnly(record, [], tier)
        }
    }

    @Test(
        "A bad body is refused with its status, and what went on of it is no request",
        arguments: Tiers.allCases
    )
    func bodies(_ tiers: Tiers) async throws {
        let head = Array("POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let record = RecordingOrigin()
        try await tiers.run(to: try ScriptedOrigin(record.serve)) { tier in
            for example in BodyCase.bad {
                try expectRefusal(tier, head + example.bytes, status: example.error.status, example.name)
            }
            // A body that came with its head was looked at before anything went on.
            try await expectOnly(record, [], tier)
            for example in BodyCase.bad {
                let before = record.headCount
                let client = try tier.connect()
                try client.write(head)
                while record.headCount == before { await Task.yield() }
                try client.write(example.bytes)
                try? client.write(Self.smuggled)
                expectRefusal(try client.readToEnd(), status: example.error.status, example.name)
            }
            try await expectOnly(record, BodyCase.bad.map { _ in .brokenOff("/body") }, tier)
        }
    }

    @Test(
        "What is odd but allowed arrives in one meaning, and so does what follows",
        arguments: Tiers.allCases
    )
    func good(_ tiers: Tiers) async throws {
        let record = RecordingOrigin()
        try await tiers.run(to: try ScriptedOrigin(record.serve)) { tier in
            for example in RequestCase.good {
                guard
                    case .passes(let method, let target, let host, let framing, let keepAlive) =
                        try RequestVerdict(example.bytes)
                else { continue }
                guard let (body, content) = Self.body(framing) else {
                    // Too long to be sent whole: half of it is no request.
                    let before = record.headCount
                    let client = try tier.connect()
                    try client.write(example.bytes + [0x78])
                    while record.headCount == before { await Task.yield() }
                    client.closeWriting()
                    _ = try client.readToEnd()
                    var seen = record.take()
                    while seen.isEmpty {
                        await Task.yield()
                        seen = record.take()
                    }
                    #expect(seen == [.brokenOff(target)], "\(example.name)")
                    continue
                }
                let next = "GET /next HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"
                let answer = try exchange(tier, example.bytes + body + Array(next.utf8))
                let answers = answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count - 1
                #expect(answers == (keepAlive ? 2 : 1), "\(example.name): \(answer)")
                var expected = [
                    RecordingOrigin.Event.request(
                        .init(start: [method, target, "HTTP/1.1"], host: [host], content: content)
                    )
                ]
                if keepAlive {
                    expected.append(
                        .request(.init(start: ["GET", "/next", "HTTP/1.1"], host: ["n"], content: []))
                    )
                }
                #expect(record.take() == expected, "\(example.name)")
            }
        }
    }

    /// A body of this framing, and its content; nil for one that would be too long to send.
    private static func body(_ framing: BodyFraming) -> (body: [UInt8], content: [UInt8])? {
        switch framing {
        case .none, .untilClose: return ([], [])
        case .length(let length):
            guard length < 1000 else { return nil }
            let bytes = [UInt8](repeating: 0x78, count: Int(length))
            return (bytes, bytes)
        case .chunked: return (Array("003;a=b\r\nabc\r\n0\r\n\r\n".utf8), Array("abc".utf8))
        }
    }

    private func expectRefusal(_ tier: TestTier, _ bytes: [UInt8], status: Int, _ name: String) throws {
        expectRefusal(try exchange(tier, bytes), status: status, name)
    }

    /// One answer, of this status, that says that the connection closes.
    private func expectRefusal(_ answer: String, status: Int, _ name: String) {
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(answer)")
        #expect(answer.contains("\r\nConnection: close\r\n"), "\(name): \(answer)")
        #expect(answer.components(separatedBy: "\r\nProxy-Status: ").count == 2, "\(name): \(answer)")
    }

    /// Sends bytes, and a request behind them; all that comes back until the connection ends.
    private func exchange(_ tier: TestTier, _ bytes: [UInt8]) throws -> String {
        let client = try tier.connect()
        try client.write(bytes)
        // It may be that nobody reads this any more.
        try? client.write(Self.smuggled)
        return try client.readToEnd()
    }

    /// The origin got this and nothing else: one last good request comes behind it.
    private func expectOnly(_ record: RecordingOrigin, _ events: [RecordingOrigin.Event], _ tier: TestTier)
        async throws
    {
        let client = try tier.connect()
        try client.write("GET /last HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n")
        #expect(try client.readToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
        let last = RecordingOrigin.Event.request(
            .init(start: ["GET", "/last", "HTTP/1.1"], host: ["l"], content: [])
        )
        // The end of a broken connection may be seen after a request on another.
        var seen = record.take()
        while seen.count < events.count + 1, !Task.isCancelled {
            await Task.yield()
            seen += record.take()
        }
        #expect(seen.filter { $0 != last } == events)
        #expect(seen.contains(last))
    }
}
