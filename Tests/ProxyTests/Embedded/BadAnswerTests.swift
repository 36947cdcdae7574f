import FuzzChecks
import HTTP1
import HTTPCases
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// Every bad answer of the tables, given by a target to running tiers, with another answer behind it that would
/// be the next client's if anybody took it.
@Suite("Bad answers, live", .timeLimit(.minutes(2)))
struct BadAnswerTests {
    private static let poison = Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".utf8)

    /// Gives the bytes of its turn as answer to `/bad`, and a good one to everything else; counts what comes on a
    /// connection that has given a bad one.
    private final class HostileOrigin: Sendable {
        let bytes = NIOLockedValueBox<[UInt8]>([])
        let reused = NIOLockedValueBox<Int>(0)

        @Sendable func serve(_ connection: RawSocket, _ number: Int) throws {
            while true {
                let head = try connection.readHead()
                guard head.contains(" /bad ") else {
                    try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
                    continue
                }
                try connection.write(bytes.withLockedValue { $0 } + BadAnswerTests.poison)
                while try !connection.readSome().isEmpty { reused.withLockedValue { $0 += 1 } }
                return
            }
        }
    }

    @Test("A bad answer's head is a 502, and its connection serves nobody else", arguments: Tiers.allCases)
    func heads(_ tiers: Tiers) async throws {
        let hostile = HostileOrigin()
        try await tiers.run(to: try ScriptedOrigin(hostile.serve)) { tier in
            for example in ResponseCase.bad {
                hostile.bytes.withLockedValue { $0 = example.bytes }
                let client = try tier.connect()
                try client.write("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
                let (head, body) = try client.readAnswer()
                #expect(head.hasPrefix("HTTP/1.1 502 "), "\(example.name): \(head)")
                #expect(body.contains("Berth, "), "\(example.name): \(body)")
                try expectGood(client, example.name)
            }
        }
        #expect(hostile.reused.withLockedValue { $0 } == 0)
    }

    @Test(
        "A bad body breaks the answer off, and its connection serves nobody else",
        arguments: Tiers.allCases
    )
    func bodies(_ tiers: Tiers) async throws {
        let hostile = HostileOrigin()
        try await tiers.run(to: try ScriptedOrigin(hostile.serve)) { tier in
            for example in BodyCase.bad {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                hostile.bytes.withLockedValue { $0 = Array(head.utf8) + example.bytes }
                let client = try tier.connect()
                try client.write("GET /bad HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                let answer = Array(try client.readToEnd().utf8)
                if let end = answer.indices.first(where: {
                    answer[..<$0].suffix(4).elementsEqual([13, 10, 13, 10])
                }) {
                    // What came is at most the beginning of a body.
                    let isBadGateway = answer.starts(with: Array("HTTP/1.1 502 ".utf8))
                    let verdict = ReferenceChunked.read(Array(answer[end...]))
                    #expect(isBadGateway || verdict == .begun, "\(example.name): \(verdict)")
                }
                try expectGood(try tier.connect(), example.name)
            }
        }
        #expect(hostile.reused.withLockedValue { $0 } == 0)
    }

    @Test("What follows a whole answer is nobody's answer", arguments: Tiers.allCases)
    func behind(_ tiers: Tiers) async throws {
        let hostile = HostileOrigin()
        try await tiers.run(to: try ScriptedOrigin(hostile.serve)) { tier in
            for example in ResponseCase.good where example.method == .get {
                guard case .head(let meaning, _) = example.expected,
                    meaning.contains("no body keep") || meaning.contains("length 0 keep"),
                    !meaning.contains("interim")
                else { continue }
                hostile.bytes.withLockedValue { $0 = example.bytes }
                let client = try tier.connect()
                try client.write("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
                let head = try client.readHead()
                #expect(head.hasPrefix("HTTP/1.1 " + meaning.prefix(3)), "\(example.name): \(head)")
                try expectGood(client, example.name)
            }
        }
        #expect(hostile.reused.withLockedValue { $0 } == 0)
    }

    @Test("What is odd but allowed reaches the client in one meaning", arguments: Tiers.allCases)
    func good(_ tiers: Tiers) async throws {
        let answer = NIOLockedValueBox<[UInt8]>([])
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write(answer.withLockedValue { $0 })
        }
        try await tiers.run(to: origin) { tier in
            for example in ResponseCase.good {
                guard case .head(let meaning, _) = example.expected, !meaning.hasPrefix("101") else {
                    continue
                }
                let isInterim = meaning.contains("interim")
                let content =
                    meaning.contains("length 5") || meaning.contains("chunked") || meaning.contains("until")
                let body = !content ? "" : meaning.contains("chunked") ? "5\r\nhello\r\n0\r\n\r\n" : "hello"
                let end = isInterim ? "HTTP/1.1 204 Done\r\n\r\n" : ""
                answer.withLockedValue { $0 = example.bytes + Array((body + end).utf8) }

                let client = try tier.connect()
                let method = example.method == .head ? "HEAD" : "GET"
                try client.write("\(method) / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                let (heads, received) = try readAnswers(client, to: example.method)
                let statuses = heads.map { String(decoding: $0.start[1], as: UTF8.self) }
                let status = String(meaning.prefix(3))
                #expect(statuses == (isInterim ? [status, "204"] : [status]), "\(example.name)")
                #expect(
                    String(decoding: received, as: UTF8.self) == (content ? "hello" : ""),
                    "\(example.name)"
                )
            }
        }
    }

    /// All heads of one answer, as the plain reader has them, and its content.
    private func readAnswers(_ client: RawSocket, to method: MethodKind) throws -> ([PlainHead], [UInt8]) {
        var heads: [PlainHead] = []
        while true {
            let head = try #require(PlainHead(Array(try client.readHead().utf8)))
            heads.append(head)
            if head.start[1].first != 0x31 { break }
        }
        let rest = Array(try client.readToEnd().utf8)
        guard method != .head, let last = heads.last, last.body == .chunked else { return (heads, rest) }
        guard case .whole(let content, _, rest.count) = ReferenceChunked.read(rest) else {
            throw RawSocket.Failure(text: "no chunked body: \(rest)")
        }
        return (heads, content)
    }

    private func expectGood(_ client: RawSocket, _ name: String) throws {
        try client.write("GET /good HTTP/1.1\r\nHost: h\r\n\r\n")
        let (head, body) = try client.readAnswer()
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && body == "good", "\(name): \(head)\(body)")
    }
}
