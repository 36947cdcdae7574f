import Foundation
import Testing

@testable import Operations

/// The log daemon of this machine is a socket of the test.
@Suite(.timeLimit(.minutes(1))) struct SyslogTests {
    /// `/dev/log` of a test.
    private final class Daemon {
        let path: String
        private(set) var descriptor: Int32

        init(_ path: String) throws {
            self.path = path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            try bind()
        }

        private func bind() throws {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let code = withUnsafeBytes(of: &address) { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    Glibc.bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
                }
            }
            try #require(code == 0)
        }

        func restart() throws {
            close()
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            try bind()
        }

        /// One message; blocks.
        func receive() -> String {
            var bytes = [UInt8](repeating: 0, count: 1 << 18)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }

        func close() {
            Glibc.close(descriptor)
            unlink(path)
        }
    }

    private let path = "/tmp/berth-\(UUID().uuidString.prefix(8)).sock"

    private func line(_ text: String) -> LogLine {
        let line = LogLine()
        line.append(text)
        return line
    }

    @Test func `Each line is a message, and a daemon that was started again is found`() async throws {
        let daemon = try Daemon(path)
        defer { daemon.close() }
        let sink = try LogSink(try LogOutput(syslog: path), maxWaitingBytes: 1 << 20) { _, _ in }
        sink.write(line("one\ntwo\n"), lines: 2)
        #expect(daemon.receive() == "one")
        #expect(daemon.receive() == "two")
        try daemon.restart()
        sink.write(line("three\n"), lines: 1)
        #expect(daemon.receive() == "three")
        await sink.close()
        #expect(sink.droppedLines == 0)
    }

    @Test func `A message that is too long is cut`() async throws {
        let daemon = try Daemon(path)
        defer { daemon.close() }
        let sink = try LogSink(try LogOutput(syslog: path), maxWaitingBytes: 8 << 20) { _, _ in }
        sink.write(line(String(repeating: "x", count: 4 << 20) + "\nnext\n"), lines: 2)
        #expect(daemon.receive().count == 2048)
        #expect(daemon.receive() == "next")
        await sink.close()
    }

    @Test func `A daemon that is gone, or does not read, costs lines and nothing else`() async throws {
        let daemon = try Daemon(path)
        let sink = try LogSink(try LogOutput(syslog: path), maxWaitingBytes: 1 << 20) { _, _ in }
        daemon.close()
        sink.write(line("lost\n"), lines: 1)
        await sink.close()
        #expect(sink.droppedLines == 1)
        let silent = try Daemon(path)
        defer { silent.close() }
        let other = try LogSink(try LogOutput(syslog: path), maxWaitingBytes: 1 << 20) { _, _ in }
        for _ in 0..<100_000 { other.write(line("x\n"), lines: 1) }
        await other.close()
        #expect(other.droppedLines > 0)
    }

    @Test func `Without a daemon there is no log, and the reason is told`() {
        let error = #expect(throws: LogSinkError.self) { try LogOutput(syslog: "/nonexistent/log") }
        #expect(error?.reason == "No such file or directory")
    }

    @Test func `A message begins as syslog writes it`() {
        var header = SyslogHeader(tag: "berth-front", process: 4711)
        let out = LogLine()
        header.write(.error, second: 0, into: out)
        let text = String(decoding: out.bytes, as: UTF8.self)
        #expect(
            text.wholeMatch(of: #/<27>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} berth-front\[4711\]: /#) != nil,
            "\(text)"
        )
        #expect(String(decoding: SyslogHeader.time(1_762_418_977), as: UTF8.self).hasPrefix("Nov  "))
    }
}
