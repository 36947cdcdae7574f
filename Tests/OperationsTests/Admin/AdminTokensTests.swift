import Foundation
import RegistryTestSupport
import TestSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3)))
struct AdminTokensTests {
    private func reason(_ text: String, mode: Int = 0o600) throws -> String? {
        let file = try TokenFile(text, mode: mode)
        do throws(AdminTokenError) {
            _ = try AdminTokenFile.read(file.path)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `A file has a token a line, with its level or for all`() throws {
        let tokens = try AdminTokenFile.parse(
            Array("# a\n\n  read 0123456789abcdef  \r\noperate\tfedcba9876543210\nabcdefghijklmnop".utf8),
            "tokens"
        )
        #expect(tokens.map(\.level) == [.read, .operate, .operate])
        #expect(
            tokens.map { String(decoding: $0.bytes, as: UTF8.self) } == [
                "0123456789abcdef", "fedcba9876543210", "abcdefghijklmnop",
            ]
        )
    }

    @Test func `A file that cannot be used is an error, without any part of a token`() throws {
        #expect(try reason("") == "the file has no token")
        #expect(try reason("# nothing\n") == "the file has no token")
        #expect(try reason("write 0123456789abcdef")?.hasPrefix("the line is not like") == true)
        #expect(try reason("read a 0123456789abcdef")?.hasPrefix("the line is not like") == true)
        #expect(try reason("short")?.hasPrefix("a token has 16 to 1024") == true)
        #expect(try reason("0123456789abcdeé")?.hasPrefix("a token has 16 to 1024") == true)
        #expect(
            try reason(String(repeating: "0123456789abcdef\n", count: 65))
                == "the file has more than 64 tokens"
        )
        #expect(try reason("0123456789abcdef", mode: 0o640) == nil)
        for mode in [0o604, 0o602, 0o601, 0o777] {
            #expect(
                try reason("0123456789abcdef", mode: mode)?.hasPrefix("other users may use the file") == true
            )
        }
        #expect(throws: AdminTokenError.self) { try AdminTokenFile.read("/tmp/berth-no-such-file") }
        for line in ["write SECRET-0123456789abcdef", "SECRET"] {
            do {
                _ = try AdminTokenFile.parse(Array(line.utf8), "tokens")
                Issue.record("it was accepted")
            } catch {
                #expect(!"\(error)".contains("SECRET") && "\(error)".contains("tokens:1"))
            }
        }
    }

    @Test func `Other tokens are in force as soon as the file has them; bad ones leave those before`()
        async throws
    {
        let file = try TokenFile()
        let capture = LogCapture()
        let tokens = try AdminTokens(path: file.path, logger: capture.logger())
        tokens.start()
        let fresh = "fresh-0123456789abcdef"
        try file.write("\(fresh)\noperate \(TokenFile.operate)\n")
        try await until("the new token") { tokens.level(of: Array(fresh.utf8)) == .operate }
        #expect(tokens.level(of: Array(TokenFile.operate.utf8)) == .operate)
        #expect(tokens.level(of: Array(TokenFile.read.utf8)) == nil)
        try file.write("\(fresh)\n", mode: 0o644)
        try await until("the report") {
            capture.messages.contains("admin tokens not reloaded: the ones before stay in force")
        }
        #expect(tokens.level(of: Array(TokenFile.operate.utf8)) == .operate)
        try file.write("\(fresh)\n")
        try await until("the old token to be gone") { tokens.level(of: Array(TokenFile.operate.utf8)) == nil }
        tokens.stop()
        #expect(!capture.lines.contains { "\($0)".contains("0123456789abcdef") })
    }
}
