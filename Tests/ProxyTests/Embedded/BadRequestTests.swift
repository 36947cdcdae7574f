import Foundation
import FuzzChecks
import HTTP1
import HTTPCases
import ProxyCore
import Testing

/// Every request of the tables, sent as it is there through tiers to an origin that notes what comes.
@Suite struct BadRequestTests {
    /// Follows each refused request, and must never be taken for one.
    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n"

    @Test(arguments: Tiers.allCases)
    func `A bad head is refused with its status, the connection closes, and nothing goes on`(
        tiers: Tiers
    ) throws {
        let record = RecordingOrigin()
        let tier = try tiers.embedded(origin: record.serve)
        for example in RequestCase.bad + RequestCase.floods {
            guard case .refused(let error) = example.expected else { continue }
            try expectRefusal(tier, example.bytes, status: Failure(error).status, example.name)
        }
        try expectOnly(record, [], tier)
    }

    @Test(arguments: Tiers.allCases)
    func `A request that is well formed but not to be passed on is refused in the same way`(
        tiers: Tiers
    ) throws {
        let record = RecordingOrigin()
        let tier = try tiers.embedded(origin: record.serve)
        var count = 0
        for example in RequestCase.good {
            guard case .refused(let failure) = try RequestVerdict(example.bytes) else { continue }
            try expectRefusal(tier, example.bytes, status: failure.status, example.name)
            count += 1
        }
        #expect(count > 0)
        try expectOnly(record, [], tier)
    }

    @Test(arguments: Tiers.allCases)
    func `A bad body is refused with its status, and what went on of it is not a request`(
        tiers: Tiers
    ) throws {
        let head = Array("POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let record = RecordingOrigin()
        let tier = try tiers.embedded(origin: record.serve)
        for example in BodyCase.bad {
            try expectRefusal(
                tier,
                head + example.bytes,
                status: Failure(requestBody: example.error).status,
                example.name
            )
        }
        // A body that came with its head was looked at before anything went on.
        try expectOnly(record, [], tier)
        for example in BodyCase.bad {
            let before = record.headCount
            let client = try tier.connect()
            client.send(head)
            #expect(record.headCount == before + 1)
            client.send(example.bytes)
            client.send(Self.smuggled)
            expectRefusal(
                try client.takeToEnd(),
                status: Failure(requestBody: example.error).status,
                example.name
            )
        }
        try expectOnly(record, BodyCase.bad.map { _ in .brokenOff("/body") }, tier)
    }

    @Test(arguments: Tiers.allCases)
    func `What is odd but allowed arrives in one meaning, and so does what follows`(tiers: Tiers) throws {
        let record = RecordingOrigin()
        let tier = try tiers.embedded(origin: record.serve)
        for example in RequestCase.good {
            guard
                case .passes(let method, let target, let host, let framing, let keepAlive) =
                    try RequestVerdict(example.bytes)
            else { continue }
            guard let (body, content) = Self.body(framing) else {
                // Too long to be sent whole: half of it is not a request.
                let before = record.headCount
                let client = try tier.connect()
                client.send(example.bytes + [0x78])
                #expect(record.headCount == before + 1)
                client.finish()
                _ = try client.takeToEnd()
                #expect(record.take() == [.brokenOff(target)], "\(example.name)")
                continue
            }
            let next = "GET /next HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"
            let response = try exchange(tier, example.bytes + body + Array(next.utf8))
            let responses = response.components(separatedBy: "HTTP/1.1 200 OK\r\n").count - 1
            #expect(responses == (keepAlive ? 2 : 1), "\(example.name): \(response)")
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

    private func expectRefusal(_ tier: EmbeddedTier, _ bytes: [UInt8], status: Int, _ name: String) throws {
        expectRefusal(try exchange(tier, bytes), status: status, name)
    }

    /// One response, of this status, which announces that the connection closes.
    private func expectRefusal(_ response: String, status: Int, _ name: String) {
        #expect(response.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(response)")
        #expect(response.contains("\r\nConnection: close\r\n"), "\(name): \(response)")
        #expect(response.components(separatedBy: "\r\nProxy-Status: ").count == 2, "\(name): \(response)")
    }

    /// Sends bytes, and a request after them; all that comes back until the connection ends.
    private func exchange(_ tier: EmbeddedTier, _ bytes: [UInt8]) throws -> String {
        let client = try tier.connect()
        client.send(bytes)
        client.send(Self.smuggled)
        return try client.takeToEnd()
    }

    /// The origin got this and nothing else: one last good request follows it.
    private func expectOnly(
        _ record: RecordingOrigin,
        _ events: [RecordingOrigin.Event],
        _ tier: EmbeddedTier
    ) throws {
        let client = try tier.connect()
        client.send("GET /last HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n")
        #expect(try client.takeToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
        let last = RecordingOrigin.Event.request(
            .init(start: ["GET", "/last", "HTTP/1.1"], host: ["l"], content: [])
        )
        #expect(record.take() == events + [last])
    }
}
