import FuzzChecks
import HTTP1
import HTTPCases
import Synchronization
import Testing

@testable import Proxy

/// Every bad answer of the tables, given by a target to running tiers, with another answer behind it that would
/// be the next client's if anybody took it.
@Suite("Bad answers, live", .timeLimit(.minutes(2)))
struct BadAnswerTests {
    private static let poison = Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".utf8)

    /// Gives the bytes of its turn as answer to `/bad`, and a good one to everything else; counts what comes on a
    /// connection that has given a bad one.
    private final class HostileOrigin: Sendable {
        let bytes = Mutex<[UInt8]>([])
        let reused = Mutex<Int>(0)

        @Sendable func serve(_ connection: RawSocket, _ number: Int) throws {
            while true {
                let head = try connection.readHead()
                guard head.contains(" /bad ") else {
                    try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
                    continue
                }
                try connection.write(bytes.withLock { $0 } + BadAnswerTests.poison)
                while try !connection.readSome().isEmpty { reused.withLock { $0 += 1 } }
                return
            }
        }
    }

    @Test("A bad answer's head is a 502, and its connection serves nobody else", arguments: Tiers.allCases)
    func heads(_ tiers: Tiers) async throws {
        let hostile = HostileOrigin()
        try await tiers.run(to: try ScriptedOrigin(hostile.serve)) { tier in
            for example in ResponseCase.bad {
                hostile.bytes.withLock { $0 = example.bytes }
                let client = try tier.connect()
                try client.write("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
                let (head, body) = try client.readAnswer()
                #expect(head.hasPrefix("HTTP/1.1 502 "), "\(example.name): \(head)")
                #expect(body.contains("Berth, "), "\(example.name): \(body)")
                try expectGood(client, example.name)
            }
        }
        #expect(hostile.reused.withLock { $0 } == 0)
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
                hostile.bytes.withLock { $0 = Array(head.utf8) + example.bytes }
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
        #expect(hostile.reused.withLock { $0 } == 0)
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
                hostile.bytes.withLock { $0 = example.bytes }
                let client = try tier.connect()
                try client.write("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
                let head = try client.readHead()
                #expect(head.hasPrefix("HTTP/1.1 " + meaning.prefix(3)), "\(example.name): \(head)")
                try expectGood(client, example.name)
            }
        }
        #expect(hostile.reused.withLock { $0 } == 0)
    }

    private func expectGood(_ client: RawSocket, _ name: String) throws {
        try client.write("GET /good HTTP/1.1\r\nHost: h\r\n\r\n")
        let (head, body) = try client.readAnswer()
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && body == "good", "\(name): \(head)\(body)")
    }
}
