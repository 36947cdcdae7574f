import FuzzChecks
import HTTP1
import HTTPCases
import TestSupport
import Testing

/// Every bad response of the tables, sent by an origin through tiers, followed by another response that would be
/// the next client's if anybody took it.
@Suite struct BadResponseTests {
    private static let poison = Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".utf8)

    /// Sends given bytes as response to `/bad`, and a good one to everything else; counts what comes on a
    /// connection that has sent a bad one.
    private final class HostileOrigin {
        var bytes: [UInt8] = []
        private(set) var reused = 0
        private var bad: Set<ObjectIdentifier> = []

        func serve(_ connection: EmbeddedPeer) {
            if bad.contains(connection.id) {
                if !connection.takeBytes().isEmpty { reused += 1 }
                if connection.isEnded { connection.close() }
                return
            }
            while let head = connection.nextHead() {
                guard head.contains(" /bad ") else {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
                    continue
                }
                bad.insert(connection.id)
                return connection.send(bytes + BadResponseTests.poison)
            }
        }
    }

    @Test(arguments: Tiers.allCases)
    func `A bad response's head is a 502, and its connection serves nobody else`(tiers: Tiers) throws {
        let hostile = HostileOrigin()
        let tier = try tiers.embedded(origin: hostile.serve)
        for example in ResponseCase.bad {
            hostile.bytes = example.bytes
            let client = try tier.connect()
            client.send("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
            let (head, body) = try client.takeResponse()
            #expect(head.hasPrefix("HTTP/1.1 502 "), "\(example.name): \(head)")
            #expect(body.contains("Berth, "), "\(example.name): \(body)")
            try expectGood(client, example.name)
        }
        #expect(hostile.reused == 0)
    }

    @Test(arguments: Tiers.allCases)
    func `A bad body breaks the response off, and its connection serves nobody else`(tiers: Tiers) throws {
        let hostile = HostileOrigin()
        let tier = try tiers.embedded(origin: hostile.serve)
        for example in BodyCase.bad {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            hostile.bytes = Array(head.utf8) + example.bytes
            let client = try tier.connect()
            client.send("GET /bad HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(client.isEnded)
            if let head = client.nextHead() {
                // What came is at most the beginning of a body.
                let verdict = ReferenceChunked.read(client.takeBytes())
                #expect(head.hasPrefix("HTTP/1.1 502 ") || verdict == .begun, "\(example.name): \(verdict)")
            }
            try expectGood(try tier.connect(), example.name)
        }
        #expect(hostile.reused == 0)
    }

    @Test(arguments: Tiers.allCases)
    func `What follows a whole response is nobody's response`(tiers: Tiers) throws {
        let hostile = HostileOrigin()
        let tier = try tiers.embedded(origin: hostile.serve)
        for example in ResponseCase.good where example.method == .get {
            guard case .head(let meaning, _) = example.expected,
                meaning.contains("no body keep") || meaning.contains("length 0 keep"),
                !meaning.contains("interim")
            else { continue }
            hostile.bytes = example.bytes
            let client = try tier.connect()
            client.send("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
            let head = try client.takeHead()
            #expect(head.hasPrefix("HTTP/1.1 " + meaning.prefix(3)), "\(example.name): \(head)")
            try expectGood(client, example.name)
        }
        #expect(hostile.reused == 0)
    }

    @Test(arguments: Tiers.allCases)
    func `What is odd but allowed reaches the client in one meaning`(tiers: Tiers) throws {
        var response: [UInt8] = []
        let tier = try tiers.embedded { connection in
            guard connection.nextHead() != nil else { return }
            connection.send(response)
            connection.close()
        }
        for example in ResponseCase.good {
            guard case .head(let meaning, _) = example.expected, !meaning.hasPrefix("101") else { continue }
            let isInterim = meaning.contains("interim")
            let content =
                meaning.contains("length 5") || meaning.contains("chunked") || meaning.contains("until")
            let body = !content ? "" : meaning.contains("chunked") ? "5\r\nhello\r\n0\r\n\r\n" : "hello"
            let end = isInterim ? "HTTP/1.1 204 Done\r\n\r\n" : ""
            response = example.bytes + Array((body + end).utf8)

            let client = try tier.connect()
            let method = example.method == .head ? "HEAD" : "GET"
            client.send("\(method) / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let (heads, received) = try takeHeads(client, to: example.method)
            let statuses = heads.map { String(decoding: $0.start[1], as: UTF8.self) }
            let status = String(meaning.prefix(3))
            #expect(statuses == (isInterim ? [status, "204"] : [status]), "\(example.name)")
            #expect(
                String(decoding: received, as: UTF8.self) == (content ? "hello" : ""),
                "\(example.name)"
            )
        }
    }

    /// All heads of one response, as the plain reader has them, and its content.
    private func takeHeads(_ client: EmbeddedPeer, to method: MethodKind) throws -> ([PlainHead], [UInt8]) {
        var heads: [PlainHead] = []
        while true {
            let head = try #require(client.nextHeadBytes().flatMap { PlainHead($0) })
            heads.append(head)
            if head.start[1].first != 0x31 { break }
        }
        #expect(client.isEnded)
        let rest = client.takeBytes()
        guard method != .head, let last = heads.last, last.body == .chunked else { return (heads, rest) }
        guard case .whole(let content, _, rest.count) = ReferenceChunked.read(rest) else {
            throw RawSocket.Failure(text: "not a chunked body: \(rest)")
        }
        return (heads, content)
    }

    private func expectGood(_ client: EmbeddedPeer, _ name: String) throws {
        client.send("GET /good HTTP/1.1\r\nHost: h\r\n\r\n")
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && body == "good", "\(name): \(head)\(body)")
    }
}
